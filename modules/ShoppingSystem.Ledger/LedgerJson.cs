using System.Text.Json.Serialization;

namespace ShoppingSystem.Ledger;

[JsonSourceGenerationOptions(DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(StatisticsReply))]
[JsonSerializable(typeof(IReadOnlyList<DeadLetterReply>))]
[JsonSerializable(typeof(ReplayReply))]
internal sealed partial class LedgerJson : JsonSerializerContext;
