namespace Quoll.Core; internal static class Placeholder { }
