using Quoll.Samples;
using Quoll.Samples.MailCollectors;

// Mail accounts that are shared out among workers, whoever of them are there just then.
return await new Sample("100,000 mail accounts, collected by a changing set of workers.", DemonstrateAsync)
    .WithRole("worker", "Collect a share of the accounts.", Worker.RunAsync, "name")
    .WithRole("archive", "Keep what is collected, and write into a file who owned what and when.", Archive.RunAsync, "journal")
    .WithRole("watch", "Show the workers and their loads.", run => LiveTable.RunAsync(run, new LastWords()))
    .RunAsync(args);

static async Task DemonstrateAsync(SampleRun run)
{
    const int Workers = 20;
    var words = new LastWords();
    run.Start(words.Add, "archive", Path.Combine(Path.GetTempPath(), "mail-collectors.journal"));
    for (var number = 1; number <= Workers; number++)
        run.Start(words.Add, "worker", $"worker-{number:00}");
    await LiveTable.RunAsync(run, words);
}
