namespace Quoll.Server; internal static class Placeholder { }
