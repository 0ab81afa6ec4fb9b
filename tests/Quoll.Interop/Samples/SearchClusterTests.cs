using System.Net;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using Quoll.Client;
using Quoll.Interop.Clients;
using Quoll.Interop.Recipes;
using Quoll.Interop.Servers;

namespace Quoll.Interop.Samples;

public sealed class SearchClusterTests(RecipeServers servers) : IDisposable
{
    private readonly HttpClient _http = new();
    private readonly List<ClientProgram> _programs = [];

    public void Dispose()
    {
        _http.Dispose();
        foreach (var program in _programs)
            program.Dispose();
    }

    [Theory]
    [EachServer]
    public async Task The_rest_is_merged_when_an_index_server_dies_and_the_standby_asks_when_the_master_dies(ServerKind kind)
    {
        var zookeeper = await servers.ServersAsync(kind);
        await CutIntoPartsAsync(zookeeper, 3);
        var indexes = Enumerable.Range(1, 4).Select(number => Start(zookeeper, "index", $"index-{number}")).ToList();
        var mona = Start(zookeeper, "master", "mona");
        await mona.ExpectAsync("mona is the master");
        var lena = Start(zookeeper, "master", "lena");
        await lena.ExpectAsync("lena sees 3 of 3 parts served, and 4 index servers");
        await mona.ExpectAsync("mona sees 3 of 3 parts served, and 4 index servers");
        var (web, address) = await StartWebAsync(zookeeper);
        await AssertAnswerAsync(address, "mona");

        // Four who have served three parts have changed places.
        foreach (var index in indexes)
            await index.ExpectAsync(line => line.Contains(" serves part ", StringComparison.Ordinal));
        await AssertAnswerAsync(address, "mona");

        // No matter what it was doing when it was killed, the three who are left come to serve everything.
        indexes[0].Kill();
        await mona.ExpectAsync("mona sees 3 of 3 parts served, and 3 index servers");
        await AssertAnswerAsync(address, "mona");

        // Once every part was served, each was all the time, whoever changed places.
        var four = mona.Said.Where(line => line.EndsWith(" and 4 index servers", StringComparison.Ordinal)).ToList();
        Assert.Equal("mona sees 3 of 3 parts served, and 4 index servers", four[^1]);
        Assert.Single(four, four[^1]);

        mona.Kill();
        await AssertAnswerAsync(address, "lena");
        indexes[1].Kill();
        await lena.ExpectAsync("lena sees 2 of 3 parts served, and 2 index servers");
        await AssertAnswerAsync(address, "lena", missing: 1);
        foreach (var program in new[] { indexes[2], indexes[3], lena, web })
            await program.FinishAsync();
    }

    [Theory]
    [EachServer]
    public async Task An_operator_names_the_master_by_hand_while_no_server_can_be_asked(ServerKind kind)
    {
        var zookeeper = await servers.ServersAsync(kind);
        await CutIntoPartsAsync(zookeeper, 1);
        using var wire = new Wire(zookeeper.Split(',', '/')[0]);
        var wired = $"{wire.Address}{zookeeper[zookeeper.IndexOf('/', StringComparison.Ordinal)..]}";
        Start(wired, "index", "index-1");
        var mona = Start(wired, "master", "mona");
        await mona.ExpectAsync("mona is the master");
        var lena = Start(wired, "master", "lena");
        var there = (await lena.ExpectAsync(line => line.StartsWith("lena is at ", StringComparison.Ordinal)))["lena is at ".Length..];
        await lena.ExpectAsync("lena sees 1 of 1 parts served, and 1 index servers");
        var (web, address) = await StartWebAsync(wired);
        await AssertAnswerAsync(address, "mona");
        Assert.Equal(HttpStatusCode.Conflict, (await NameAsync(address, there)).StatusCode);

        // Everybody is cut off, and goes on with what he knew last.
        wire.Cut();
        await web.ExpectAsync("ZooKeeper can't be asked: the operator may name the master");
        await AssertAnswerAsync(address, "mona");
        mona.Kill();
        var asked = AssertAnswerAsync(address, "lena");
        Assert.Equal(HttpStatusCode.OK, (await NameAsync(address, there)).StatusCode);
        await asked;

        // The operator's word has had its time: now it is the election that says so.
        wire.Mend();
        await web.ExpectAsync("ZooKeeper can be asked again");
        await web.ExpectAsync($"the master is {there}");
        Assert.Equal(HttpStatusCode.Conflict, (await NameAsync(address, there)).StatusCode);
        await web.FinishAsync();
    }

    private static async Task CutIntoPartsAsync(string zookeeper, int parts)
    {
        await using var client = await ZooKeeperClient.ConnectAsync(zookeeper);
        await client.CreateAsync("/search");
        await client.CreateAsync("/search/parts", System.Text.Encoding.UTF8.GetBytes($"{parts}"));
    }

    private ClientProgram Start(string zookeeper, string role, string argument)
    {
        var program = SampleProgram.Start("SearchCluster", zookeeper, role, argument);
        _programs.Add(program);
        return program;
    }

    private async Task<(ClientProgram Web, string Address)> StartWebAsync(string zookeeper)
    {
        var web = Start(zookeeper, "web", "0");
        var line = await web.ExpectAsync(line => line.StartsWith("the web front is at ", StringComparison.Ordinal));
        return (web, line.Split(' ')[5].TrimEnd(':'));
    }

    private async Task AssertAnswerAsync(string address, string master, int missing = 0)
    {
        var answer = await _http.GetFromJsonAsync<JsonObject>($"{address}/search?q=session+timeout");
        Assert.Equal(master, (string?)answer!["master"]);
        Assert.Equal(missing, answer["missing"]!.AsArray().Count);
        Assert.NotEmpty(answer["hits"]!.AsArray());
    }

    private Task<HttpResponseMessage> NameAsync(string address, string master) =>
        _http.PostAsync(new Uri($"{address}/master"), new StringContent(master));
}
