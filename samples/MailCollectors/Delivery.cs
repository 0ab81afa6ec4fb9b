using System.Globalization;

namespace Quoll.Samples.MailCollectors;

/// <summary>What a worker brings to the archive, a line on the wire.</summary>
/// <param name="Partition">The partition.</param>
/// <param name="Token">The fencing token of its owner.</param>
/// <param name="Time">A time at which he was the owner, by the clock that all processes of a machine share.</param>
/// <param name="Mail">How many accounts were collected. None at the beginning and at the end of an ownership.</param>
internal readonly record struct Delivery(int Partition, long Token, long Time, int Mail)
{
    public string Write() => string.Create(CultureInfo.InvariantCulture, $"{Partition} {Token} {Time} {Mail}");

    public static Delivery Read(string line)
    {
        var words = Array.ConvertAll(line.Split(' '), word => long.Parse(word, CultureInfo.InvariantCulture));
        return new Delivery((int)words[0], words[1], words[2], (int)words[3]);
    }
}
