using System.Reflection;
using Xunit.Sdk;
using Xunit.v3;

namespace Quoll.Interop.Servers;

/// <summary>Which program answers on the port. Apache's is the oracle: a test that it fails is a wrong test.</summary>
public enum ServerKind
{
    Apache,
    Quoll,
}

/// <summary>Runs a theory once against each kind of server, with the trait <c>server</c> to choose one.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class EachServerAttribute : DataAttribute
{
    public override ValueTask<IReadOnlyCollection<ITheoryDataRow>> GetData(MethodInfo testMethod, DisposalTracker disposalTracker) =>
        new(Enum.GetValues<ServerKind>().Select(Row).ToArray<ITheoryDataRow>());

    public override bool SupportsDiscoveryEnumeration() => true;

    private static TheoryDataRow<ServerKind> Row(ServerKind kind) =>
        new TheoryDataRow<ServerKind>(kind).WithTrait("server", kind.ToString());
}
