namespace ShoppingSystem.Tests.Kubernetes;

/// <summary>A folder that is gone when it is disposed.</summary>
internal sealed class TemporaryFolder : IDisposable
{
    public string Path { get; } = Directory.CreateTempSubdirectory("shopping-deploy-").FullName;

    public void Dispose() => Directory.Delete(Path, recursive: true);
}
