using Quoll.Simulator.Mutants;

namespace Quoll.Tests.Simulator;

/// <summary>
/// The changes that the simulator must notice (<c>tests/Quoll.Simulator/Mutants</c>): to run them takes minutes, and is done by hand.
/// </summary>
public sealed class MutantTests
{
    [Fact]
    public void Every_mutant_still_fits_the_sources() =>
        Repository.AssertNone(Mutant.ReadAll(Repository.Root).SelectMany(mutant => mutant.Misfits(Repository.Root)));

    [Fact]
    public void A_mutant_changes_something() =>
        Repository.AssertNone(
            from mutant in Mutant.ReadAll(Repository.Root)
            where mutant.Places.Count == 0 || mutant.Places.Any(place => place.Find == place.Put)
            select mutant.Name);
}
