using System.Globalization;
using Quoll.Differential;
using Quoll.Differential.Comparing;
using Quoll.Differential.Running;

const string Usage = """
    quoll-differential --left host:port --right host:port [options]
      sends the same bytes to two ZooKeeper servers and compares everything they answer

      --seed N           of the generator (1)
      --first N          number of the first sequence (0)
      --sequences N      how many (100)
      --length N         ops in each (40)
      --pipeline         several ops of a session in one write
      --expire           also let sessions expire; needs a minSessionTimeout well below a second
      --ensemble         a server is a member of an ensemble: reads may lag
      --left-is KIND     3.8, 3.9 or quoll: excuses the known differences between two kinds,
      --right-is KIND    and keeps what kills a kind from being sent to it
      --super PASSWORD   of digest user super, where both servers have one
      --patience MS      how long to wait for an answer (10000)
      --differences N    stop after so many (1)
      --shrink N         runs spent on shortening one (400)
      --verbose          with the raw bytes, and how often each answer came
      --list             print the sequences and send nothing
      --corrupt TYPE     flip a bit in the right server's replies to this request type, to see that it is noticed

      Both servers must be at nobody else's service meanwhile, have the same session timeouts and TTL setting, and no reaper
      of containers at work (znode.container.checkIntervalMs). They need not be fresh: the tester levels what they share.
      With "--left-is 3.9 --right-is quoll" it sends what would ruin a 3.8.0 server.

      exit code: 0 alike, 1 different, 2 unusable, 3 different once but not again
    """;

DifferentialOptions options;
try
{
    options = Parse(args);
}
catch (Exception bad) when (bad is ArgumentException or FormatException or OverflowException)
{
    Console.Error.WriteLine(bad.Message);
    Console.Error.WriteLine(Usage);
    return 2;
}

try
{
    if (options.ListOnly)
    {
        foreach (var line in DifferentialRun.List(options))
            Console.WriteLine(line);

        return 0;
    }

    var report = await DifferentialRun.RunAsync(options);
    foreach (var text in report.Differences)
        Console.WriteLine(text);

    foreach (var text in report.Unstable)
        Console.WriteLine("NOT SEEN AGAIN: " + text);

    foreach (var (answer, count) in report.Mix.OrderBy(entry => entry.Key, StringComparer.Ordinal).Where(_ => options.Verbose))
        Console.WriteLine($"{count,7} {answer}");

    Console.WriteLine(
        $"{report.Sequences} sequences, {report.Ops} ops: {report.Differences.Count} differences, {report.Unstable.Count} not seen again");
    return report.Differences.Count > 0 ? 1 : report.Unstable.Count > 0 ? 3 : 0;
}
catch (ServerUnusableException unusable)
{
    Console.Error.WriteLine(unusable.Message);
    return 2;
}

static DifferentialOptions Parse(string[] args)
{
    var none = new Endpoint("", 0);
    var options = new DifferentialOptions(none, none);
    for (var i = 0; i < args.Length; i++)
    {
        string Value() => ++i < args.Length ? args[i] : throw new ArgumentException($"{args[^1]} needs a value");
        int Number() => int.Parse(Value(), CultureInfo.InvariantCulture);
        options = args[i] switch
        {
            "--left" => options with { Left = ParseEndpoint(Value()) },
            "--right" => options with { Right = ParseEndpoint(Value()) },
            "--seed" => options with { Seed = Number() },
            "--first" => options with { First = Number() },
            "--sequences" => options with { Sequences = Number() },
            "--length" => options with { Length = Number() },
            "--pipeline" => options with { Pipeline = true },
            "--expire" => options with { Expire = true },
            "--ensemble" => options with { Ensemble = true },
            "--left-is" => options with { LeftIs = ParseKind(Value()) },
            "--right-is" => options with { RightIs = ParseKind(Value()) },
            "--super" => options with { Super = Value() },
            "--patience" => options with { Patience = TimeSpan.FromMilliseconds(Number()) },
            "--differences" => options with { MaxDifferences = Number() },
            "--shrink" => options with { ShrinkRuns = Number() },
            "--list" => options with { ListOnly = true },
            "--verbose" => options with { Verbose = true },
            "--corrupt" => options with { CorruptRepliesTo = Number() },
            _ => throw new ArgumentException($"unknown option {args[i]}"),
        };
    }

    var missing = options.Left == none || options.Right == none;
    return missing && !options.ListOnly ? throw new ArgumentException("--left and --right are needed") : options;
}

static Endpoint ParseEndpoint(string text)
{
    var colon = text.LastIndexOf(':');
    return colon < 0
        ? throw new FormatException($"{text} is no host:port")
        : new Endpoint(text[..colon], int.Parse(text[(colon + 1)..], CultureInfo.InvariantCulture));
}

static ServerKind ParseKind(string text) => text switch
{
    "3.8" => ServerKind.Apache38,
    "3.9" => ServerKind.Apache39,
    "quoll" => ServerKind.Quoll,
    _ => throw new ArgumentException($"unknown kind {text}"),
};
