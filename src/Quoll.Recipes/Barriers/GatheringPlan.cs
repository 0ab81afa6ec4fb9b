namespace Quoll.Recipes.Barriers;

/// <summary>Where a group gathers.</summary>
/// <param name="Path">The znode below which its members are.</param>
/// <param name="Mark">The name of the child that says that the group is complete.</param>
/// <param name="Size">How many make it complete.</param>
/// <param name="IsLimit">Whether who comes too late waits for the next group; otherwise he belongs to it too.</param>
internal sealed record GatheringPlan(string Path, string Mark, int Size, bool IsLimit)
{
    /// <summary>All members are checked in the transaction that completes a group, which has to fit into a request.</summary>
    public const int MostMembers = 5000;

    /// <summary>A child that is no member, beside <see cref="Mark"/>.</summary>
    public const string SizeName = "num";

    public string MarkPath => $"{Path}/{Mark}";

    /// <summary>The members among the children, in the order of their names, in which others' clients have them too.</summary>
    public string[] MembersOf(IEnumerable<string> children)
    {
        string[] members = [.. children.Where(name => name != Mark && !(IsLimit && name == SizeName))];
        members.AsSpan().Sort(string.CompareOrdinal);
        return members;
    }

    /// <summary>What a member has to do who sees this.</summary>
    /// <param name="children">The children of <see cref="Path"/>.</param>
    /// <param name="own">The member's name.</param>
    /// <param name="isMarked">Whether the mark is there.</param>
    /// <param name="roster">For whom it was made, if that is known.</param>
    public GatheringStep Decide(IEnumerable<string> children, string own, bool isMarked, string[]? roster)
    {
        var members = MembersOf(children);
        if (!members.Contains(own))
            return new GatheringStep(GatheringMove.JoinAnew, members);
        if (isMarked && (roster is null || roster.Contains(own)))
            return new GatheringStep(GatheringMove.Enter, members);
        if (isMarked && members.FirstOrDefault(name => roster!.Contains(name)) is { } other)
            return IsLimit ? new(GatheringMove.WaitForMember, members, other) : new(GatheringMove.Enter, members);

        // No mark, or one that a group left behind which is no more.
        return new GatheringStep(members.Length >= Size ? GatheringMove.Complete : GatheringMove.WaitForMark, members);
    }
}

internal enum GatheringMove
{
    /// <summary>The own znode is gone.</summary>
    JoinAnew,

    /// <summary>The group is complete, and we are of it.</summary>
    Enter,

    /// <summary>All are there: make the mark.</summary>
    Complete,

    /// <summary>Wait until others make the mark.</summary>
    WaitForMark,

    /// <summary>Wait until a member of the group before is gone.</summary>
    WaitForMember,
}

/// <param name="Move">What to do.</param>
/// <param name="Members">Who is there.</param>
/// <param name="Other">The member to wait for.</param>
internal readonly record struct GatheringStep(GatheringMove Move, string[] Members, string? Other = null);
