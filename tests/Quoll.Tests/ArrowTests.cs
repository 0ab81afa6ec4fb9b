using System.Reflection;
using System.Xml.Linq;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;
using Quoll.Cli;
using Quoll.Client;
using Quoll.Core;
using Quoll.Extensions;
using Quoll.Protocol;
using Quoll.Recipes;
using Quoll.Server;
using Quoll.Storage;
using Quoll.Testing;

namespace Quoll.Tests;

/// <summary>The arrows of <c>docs/architecture.md</c>: who may know whom.</summary>
public class ArrowTests
{
    private static readonly string[] Everything =
        ["Protocol", "Core", "Storage", "Server", "Client", "Recipes", "Extensions", "Testing", "Cli"];

    private static readonly Dictionary<string, string[]> Arrows = new()
    {
        ["Jute.Generator"] = [],
        ["Protocol"] = [],
        ["Core"] = ["Protocol"],
        ["Storage"] = ["Protocol"],
        ["Server"] = ["Core", "Storage", "Protocol"],
        ["Client"] = ["Protocol"],
        ["Recipes"] = ["Client", "Protocol"],
        ["Extensions"] = ["Client", "Recipes", "Protocol"],
        ["Testing"] = ["Client", "Core", "Storage", "Protocol"],
        ["Cli"] = ["Server", "Client", "Recipes", "Storage", "Protocol"],
        ["Benchmarks"] = ["Core", "Storage", "Client", "Recipes"],
        ["HoldALock"] = ["Client", "Recipes"],
        ["Configuration"] = ["Shared", "Extensions"],
        ["Coordination"] = ["Shared"],
        ["Shared"] = ["Client", "Recipes", "Testing"],
        ["MasterElection"] = ["Shared"],
        ["Naming"] = ["Shared"],
        ["SearchCluster"] = ["Shared"],
        ["Locks"] = ["Shared"],
        ["MailCollectors"] = ["Shared"],
        ["Membership"] = ["Shared"],
        ["Queues"] = ["Shared"],
        ["RunOnce"] = ["Shared"],
        ["Simulator"] = ["Core", "Storage", "Client", "Recipes", "Protocol"],
        ["Tests"] = [.. Everything, "Fuzz", "Simulator"],
        ["Fuzz"] = ["Core", "Storage", "Server", "Protocol"],
        ["Interop"] = ["Server", "Client", "Recipes", "Extensions", "Cli", "Differential"],
        ["Differential"] = [],
    };

    /// <summary>Inside the core, by namespace: what the first must not know.</summary>
    private static readonly Dictionary<string, string[]> Strangers = new()
    {
        ["Tree"] = ["Zab", "Requests", "Sessions", "Watches"],
        ["Zab"] = ["Tree", "Requests", "Sessions", "Watches", "Access"],
    };

    [Fact]
    public void A_project_refers_only_to_those_it_may_know()
    {
        var projects = Repository.Projects.ToDictionary(NameOf);
        Assert.Equal(Arrows.Keys.Order(), projects.Keys.Order());
        Repository.AssertNone(
            from project in projects
            from reference in XDocument.Parse(project.Value.Text).Descendants("ProjectReference")
            where (string?)reference.Attribute("OutputItemType") != "Analyzer"
                && (string?)reference.Attribute("ReferenceOutputAssembly") != "false"
            let other = ShortName(Path.GetFileNameWithoutExtension((string)reference.Attribute("Include")!))
            where !Arrows[project.Key].Contains(other)
            select $"{project.Key} -> {other}");
    }

    // References reach further than their projects say: whoever refers to the server could use the core.
    [Fact]
    public void An_assembly_uses_only_those_it_may_know()
    {
        Assembly[] assemblies =
        [
            typeof(Zxid).Assembly, typeof(QuorumPeer).Assembly, typeof(TxnLog).Assembly,
            typeof(ServerHost).Assembly, typeof(ZooKeeperClient).Assembly, typeof(DistributedLock).Assembly,
            typeof(ILeaderService).Assembly,
            typeof(ServeCommand).Assembly, typeof(TestEnsemble).Assembly,
        ];
        Repository.AssertNone(
            from assembly in assemblies
            let name = ShortName(assembly.GetName().Name!)
            from reference in assembly.GetReferencedAssemblies()
            where reference.Name!.StartsWith("Quoll", StringComparison.OrdinalIgnoreCase)
            let other = ShortName(reference.Name!)
            where !Arrows[name].Contains(other)
            select $"{name} -> {other}");
    }

    // What stands here is a part of ASP.NET Core's shared framework, and as a package asks nobody to have all of that.
    private static readonly string[] PartsOfTheSharedFramework =
    [
        "Microsoft.Extensions.Logging.Abstractions", "Microsoft.Extensions.Diagnostics.HealthChecks",
        "Microsoft.Extensions.Hosting.Abstractions", "Microsoft.Extensions.Options.ConfigurationExtensions",
    ];

    [Fact]
    public void A_library_brings_nothing_with_it_that_is_not_in_the_shared_frameworks() =>
        Repository.AssertNone(
            from project in Repository.Projects
            where project.Path.StartsWith("src/", StringComparison.Ordinal) && NameOf(project) != "Cli"
            from package in XDocument.Parse(project.Text).Descendants("PackageReference")
            where (string?)package.Attribute("PrivateAssets") != "all"
            where !PartsOfTheSharedFramework.Contains((string?)package.Attribute("Include"))
            select $"{project.Path}: {(string?)package.Attribute("Include")}");

    [Fact]
    public void Inside_the_core_the_tree_and_zab_do_not_know_each_other()
    {
        var core = CompileCore();
        Repository.AssertNone(
            from tree in core.SyntaxTrees
            let parts = tree.FilePath.Split('/')
            where parts.Length > 3 && Strangers.ContainsKey(parts[2])
            let model = core.GetSemanticModel(tree)
            from name in tree.GetRoot().DescendantNodes().OfType<SimpleNameSyntax>()
            let known = SpaceOf(model, name)
            where Strangers[parts[2]].Any(stranger => known == $"Quoll.Core.{stranger}")
            select $"{tree.FilePath}({name.GetLocation().GetLineSpan().StartLinePosition.Line + 1}): {name} of {known}");
    }

    private static CSharpCompilation CompileCore()
    {
        const string ImplicitUsings = "global using System; global using System.Collections.Generic; global using System.Linq;";
        var trees = Repository.CodeBelow("src/Quoll.Core").Select(file => (SyntaxTree)file.Tree.Value)
            .Append(CSharpSyntaxTree.ParseText(ImplicitUsings, Repository.ParseOptions));
        var references = ((string)AppContext.GetData("TRUSTED_PLATFORM_ASSEMBLIES")!).Split(Path.PathSeparator)
            .Where(path => Path.GetFileName(path) is var name
                && (name.StartsWith("System.", StringComparison.Ordinal) || name == "Quoll.Protocol.dll"))
            .Select(path => MetadataReference.CreateFromFile(path));
        var options = new CSharpCompilationOptions(OutputKind.DynamicallyLinkedLibrary);
        var core = CSharpCompilation.Create("Quoll.Core", trees, references, options);

        // What does not compile can't be looked at.
        Repository.AssertNone(core.GetDiagnostics().Where(d => d.Severity == DiagnosticSeverity.Error).Select(d => d.ToString()));
        return core;
    }

    /// <summary>The namespace of a name's type, or of the type of what it names.</summary>
    private static string? SpaceOf(SemanticModel model, SimpleNameSyntax name)
    {
        var type = model.GetSymbolInfo(name).Symbol switch
        {
            INamedTypeSymbol named => named,
            ILocalSymbol local => local.Type,
            IParameterSymbol parameter => parameter.Type,
            { } member => member.ContainingType,
            null => model.GetTypeInfo(name).Type,
        };
        return type?.ContainingNamespace?.ToDisplayString();
    }

    private static string NameOf(SourceFile project) => ShortName(Path.GetFileNameWithoutExtension(project.Path));

    private static string ShortName(string name) => name == "quoll" ? "Cli" : name.Replace("Quoll.", "", StringComparison.Ordinal);
}
