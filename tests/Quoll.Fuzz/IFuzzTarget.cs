namespace Quoll.Fuzz;

/// <summary>A reader of bytes that strangers or broken disks may have written.</summary>
public interface IFuzzTarget
{
    string Name { get; }

    /// <summary>Whole inputs, made by the code itself, to begin with.</summary>
    IReadOnlyList<byte[]> Seeds();

    /// <summary>
    /// Takes an input apart into what can be changed by itself. Lengths, checksums and codecs around the parts are left out: joining
    /// makes them anew, so that a change gets past the door.
    /// </summary>
    List<byte[]> Split(byte[] input);

    byte[] Join(IReadOnlyList<byte[]> parts);

    /// <summary>Has the input read, and tells in a few words what came of it. Whatever is thrown is a finding.</summary>
    string Run(byte[] input);
}

/// <summary>Something that must hold after any input does not.</summary>
public sealed class BrokenPromiseException(string message) : Exception(message)
{
    public static void Unless(bool condition, string what)
    {
        if (!condition)
            throw new BrokenPromiseException(what);
    }
}
