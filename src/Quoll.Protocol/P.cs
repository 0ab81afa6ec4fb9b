namespace Quoll.Protocol; internal static class Placeholder { }
