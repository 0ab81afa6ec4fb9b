namespace Quoll.Storage; internal static class Placeholder { }
