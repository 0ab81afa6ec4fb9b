using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Primitives;
using Quoll.Client;
using Quoll.Testing;

namespace Quoll.Tests.Extensions;

/// <summary>Znodes as configuration.</summary>
public sealed class ConfigurationTests : IDisposable
{
    private readonly string _copy = Path.GetTempFileName();

    public void Dispose() => File.Delete(_copy);

    [Fact]
    public async Task Znodes_are_settings_and_what_changes_is_taken_in_together()
    {
        await using var zk = await TestEnsemble.StartAsync(new TestEnsembleOptions());
        await using var client = zk.CreateClient();
        await FillAsync(client);
        using var configuration = (ConfigurationRoot)Read(zk);
        Assert.Equal("blue", configuration["Colour"]);
        Assert.Equal("10", configuration["Limits:Items"]);

        var reloads = 0;
        var changed = new TaskCompletionSource();
        using var watching = ChangeToken.OnChange(configuration.GetReloadToken, () =>
        {
            Interlocked.Increment(ref reloads);
            changed.TrySetResult();
        });
        await client.CommitAsync(new Transaction().Set("/config/Colour", "red"u8.ToArray()).Delete("/config/Limits/Items"));
        await changed.Task.WaitAsync(TimeSpan.FromSeconds(20));

        Assert.Equal("red", configuration["Colour"]);
        Assert.Null(configuration["Limits:Items"]);
        Assert.Equal(1, reloads);
    }

    [Fact]
    public async Task Without_a_server_a_program_starts_with_what_was_read_last()
    {
        await using (var zk = await TestEnsemble.StartAsync(new TestEnsembleOptions()))
        {
            await using var client = zk.CreateClient();
            await FillAsync(client);
            using var before = (ConfigurationRoot)Read(zk);
        }

        await using var gone = await TestEnsemble.StartAsync(new TestEnsembleOptions());
        await gone.Servers[0].StopAsync();
        using var configuration = (ConfigurationRoot)Read(gone);

        Assert.Equal("blue", configuration["colour"]);
    }

    [Fact]
    public async Task What_must_be_there_and_is_not_is_an_error_that_says_so()
    {
        await using var zk = await TestEnsemble.StartAsync(new TestEnsembleOptions());

        var error = Assert.Throws<InvalidOperationException>(() => Read(zk));

        Assert.Contains("/config", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Settings_that_somebody_deletes_by_mistake_stay_as_they_were()
    {
        await using var zk = await TestEnsemble.StartAsync(new TestEnsembleOptions());
        await using var client = zk.CreateClient();
        await FillAsync(client);
        using var configuration = (ConfigurationRoot)Read(zk);

        await client.CommitAsync(
            new Transaction().Delete("/config/Colour").Delete("/config/Limits/Items").Delete("/config/Limits").Delete("/config"));
        await client.CommitAsync(new Transaction().Create("/config").Create("/config/Colour", "green"u8.ToArray()));
        var changed = new TaskCompletionSource();
        using var watching = ChangeToken.OnChange(configuration.GetReloadToken, () => changed.TrySetResult());
        if (configuration["Colour"] == "blue")
            await changed.Task.WaitAsync(TimeSpan.FromSeconds(20));

        Assert.Equal("green", configuration["Colour"]);
    }

    [Fact]
    public async Task Whoever_fails_when_he_hears_of_a_change_does_not_end_the_changes()
    {
        await using var zk = await TestEnsemble.StartAsync(new TestEnsembleOptions());
        await using var client = zk.CreateClient();
        await FillAsync(client);
        using var configuration = (ConfigurationRoot)Read(zk);
        var failed = new TaskCompletionSource();
        using var failing = configuration.GetReloadToken().RegisterChangeCallback(
            _ =>
            {
                failed.SetResult();
                throw new FormatException("what this program can't use");
            },
            null);
        await client.SetAsync("/config/Colour", "red"u8.ToArray());
        await failed.Task.WaitAsync(TimeSpan.FromSeconds(20));

        var changed = new TaskCompletionSource();
        using var watching = ChangeToken.OnChange(configuration.GetReloadToken, () => changed.TrySetResult());
        await client.SetAsync("/config/Colour", "green"u8.ToArray());
        await changed.Task.WaitAsync(TimeSpan.FromSeconds(20));

        Assert.Equal("green", configuration["Colour"]);
    }

    [Fact]
    public async Task Settings_that_are_not_as_they_must_be_are_not_taken_in()
    {
        await using var zk = await TestEnsemble.StartAsync(new TestEnsembleOptions());
        await using var client = zk.CreateClient();
        await FillAsync(client);
        var refused = new TaskCompletionSource();
        using var configuration = (ConfigurationRoot)Read(zk, settings =>
        {
            if (settings["Colour"] == "seven")
                refused.TrySetResult();
            ArgumentOutOfRangeException.ThrowIfEqual(settings["Colour"], "seven");
        });
        var changed = new TaskCompletionSource();
        using var watching = ChangeToken.OnChange(configuration.GetReloadToken, () => changed.TrySetResult());

        await client.SetAsync("/config/Colour", "seven"u8.ToArray());
        await refused.Task.WaitAsync(TimeSpan.FromSeconds(20));
        await client.SetAsync("/config/Limits/Items", "20"u8.ToArray());
        Assert.Equal("blue", configuration["Colour"]);
        Assert.Equal("10", configuration["Limits:Items"]);
        Assert.False(changed.Task.IsCompleted);

        // A program that starts now has what was good last; and what is good again is taken in.
        using var later = (ConfigurationRoot)Read(zk, settings => ArgumentOutOfRangeException.ThrowIfEqual(settings["Colour"], "seven"));
        Assert.Equal("blue", later["Colour"]);
        await client.SetAsync("/config/Colour", "red"u8.ToArray());
        await changed.Task.WaitAsync(TimeSpan.FromSeconds(20));
        Assert.Equal("red", configuration["Colour"]);
        Assert.Equal("20", configuration["Limits:Items"]);
    }

    private static async Task FillAsync(ZooKeeperClient client) => await client.CommitAsync(new Transaction()
        .Create("/config")
        .Create("/config/Colour", "blue"u8.ToArray())
        .Create("/config/Limits")
        .Create("/config/Limits/Items", "10"u8.ToArray()));

    private IConfigurationRoot Read(TestEnsemble zk, Action<IConfiguration>? check = null) => new ConfigurationBuilder()
        .AddZooKeeper("/config", options =>
        {
            options.Client.ConnectionString = zk.ConnectionString;
            options.Client.Adjust = client => client with { Connect = zk.ConnectAsync };
            options.LoadTimeout = TimeSpan.FromSeconds(2);
            options.LastGoodCopy = _copy;
            options.Check = check;
        })
        .Build();
}
