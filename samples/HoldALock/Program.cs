using Quoll.Client;
using Quoll.Recipes;

await using var client = await ZooKeeperClient.ConnectAsync(args is [var servers] ? servers : "127.0.0.1:2181");
var theLock = new DistributedLock(client, "/locks/report");

await using var held = await theLock.AcquireAsync();
Console.WriteLine($"{held.Path} is ours, in session {held.Session}, with the token {held.FencingToken}.");

await client.TryCreateAsync("/report");
await held.Fenced.SetAsync("/report", "written under the lock"u8.ToArray());   // refused if the lock is lost
