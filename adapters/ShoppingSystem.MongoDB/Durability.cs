using MongoDB.Driver;

namespace ShoppingSystem.MongoDB;

internal static class Durability
{
    /// <summary>A write is done when the majority of the replica set has it in its journal: no failover takes it back.</summary>
    public static WriteConcern WriteConcern { get; } = WriteConcern.WMajority.With(journal: true);
}
