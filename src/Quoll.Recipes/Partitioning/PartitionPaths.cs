namespace Quoll.Recipes.Partitioning;

/// <summary>A group of members, where its znodes are, and into how many partitions the work is cut.</summary>
internal sealed record PartitionPaths(string Path, int Partitions)
{
    /// <summary>What is wanted: see <see cref="Partitioning.Assignment"/>.</summary>
    public string Assignment => Watching.ZnodePaths.Join(Path, "assignment");

    /// <summary>Below it the members: ephemeral, with what each has as their data.</summary>
    public string Members => Watching.ZnodePaths.Join(Path, "members");
}
