using Quoll.Testing;

namespace Quoll.Tests.Testing;

/// <summary>Starts ensembles for as long as the test runs.</summary>
internal static class Ensembles
{
    public static Task<TestEnsemble> StartAsync(TestEnsembleOptions? options = null) =>
        TestEnsemble.StartAsync(options, TestContext.Current.CancellationToken);
}
