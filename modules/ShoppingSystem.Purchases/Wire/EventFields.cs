using System.Text;
using System.Text.Json;

namespace ShoppingSystem.Purchases;

/// <summary>The fields of an event that describe a purchase, collected in one pass over its bytes.</summary>
internal struct EventFields
{
    private const string Contradiction = "is given twice, with different values";

    private ProducerId? _id;
    private ProducerId? _documentId;
    private string? _userId;
    private string? _username;
    private decimal? _price;
    private string? _item;
    private DateTimeOffset? _timestamp;
    private string? _misread;
    private CloudEvent? _envelope;

    private enum Member
    {
        Unknown,
        Id,
        DocumentId,
        UserId,
        Username,
        Price,
        Item,
        Timestamp,
        SpecVersion,
        Source,
        Time,
        Data,
        DataBase64,
    }

    /// <summary>Why this is not a valid purchase; null when it is.</summary>
    public readonly string? Problem =>
        _misread
        ?? Complaint("userid", PurchaseRules.CheckText(_userId))
        ?? Complaint("username", PurchaseRules.CheckText(_username))
        ?? Complaint("price", PurchaseRules.CheckPrice(_price))
        ?? Complaint("item", PurchaseRules.CheckOptionalText(_item));

    /// <summary>The purchase, when there is no <see cref="Problem"/>; missing fields are taken from <paramref name="place"/>.</summary>
    public readonly Purchase ToPurchase(in FeedEvent place) => new(
        ToPurchaseId(place), _userId!, _username!, _price!.Value, _item, (_timestamp ?? place.AppendedAt).ToWholeMicroseconds());

    // The database's own document id is used only if the producer gave no id.
    private readonly Guid ToPurchaseId(in FeedEvent place) => (_id ?? _documentId, _envelope) switch
    {
        ({ Uuid: { } uuid }, _) => uuid,
        ({ Foreign: { } foreign }, _) => PurchaseId.FromProducer(_envelope?.Source ?? place.Topic, foreign),
        (_, { Id: { Uuid: { } uuid } }) => uuid,
        (_, { Id: { Foreign: { } foreign } }) => PurchaseId.FromCloudEvent(_envelope.Source ?? place.Topic, foreign),
        _ => PurchaseId.FromPosition(place.Topic, place.Partition, place.Offset, place.AppendedAt),
    };

    /// <summary>Reads the value of an event.</summary>
    /// <exception cref="JsonException">It is not valid JSON.</exception>
    /// <exception cref="InvalidOperationException">Some text in it is not valid Unicode.</exception>
    public void Read(ReadOnlySpan<byte> json)
    {
        ReadJson(json);
        if (_envelope is not null)
        {
            Open(_envelope);
        }
    }

    private void ReadJson(ReadOnlySpan<byte> json)
    {
        var reader = new Utf8JsonReader(json.StartsWith(Encoding.UTF8.Preamble) ? json[Encoding.UTF8.Preamble.Length..] : json);
        reader.Read();
        if (reader.TokenType is JsonTokenType.StartObject)
        {
            ReadMembers(ref reader, isOutermost: true);
        }
        else
        {
            Misread("not a JSON object");
            reader.Skip();
        }

        // Throws if anything follows the value.
        reader.Read();
    }

    private void ReadMembers(ref Utf8JsonReader reader, bool isOutermost)
    {
        while (reader.Read() && reader.TokenType is JsonTokenType.PropertyName)
        {
            var member = Find(ref reader);
            reader.Read();
            if (member is Member.Unknown)
            {
                reader.Skip();
            }
            else if (reader.TokenType is not JsonTokenType.Null)
            {
                if (member < Member.SpecVersion)
                {
                    Take(member, ref reader);
                }
                else if (isOutermost)
                {
                    (_envelope ??= new CloudEvent()).Take(member, ref reader);
                }
                else
                {
                    reader.Skip();
                }
            }
        }
    }

    private void Take(Member member, ref Utf8JsonReader reader)
    {
        string? problem;
        switch (member)
        {
            case Member.Id:
                Take(ref _id, ProducerId.Read(ref reader, out problem), "id", problem);
                break;
            case Member.DocumentId:
                Take(ref _documentId, ProducerId.Read(ref reader, out problem), "_id", problem);
                break;
            case Member.UserId:
                Take(ref _userId, JsonText.Read(ref reader), "userid");
                break;
            case Member.Username:
                Take(ref _username, JsonText.Read(ref reader), "username");
                break;
            case Member.Item:
                Take(ref _item, JsonText.Read(ref reader), "item");
                break;
            case Member.Price:
                Take(ref _price, PurchaseRules.WithoutNoise(JsonText.ReadNumber(ref reader)), "price", "is not a number");
                break;
            case Member.Timestamp:
                Take(ref _timestamp, EventTime.Read(ref reader, out problem), "timestamp", problem);
                break;
        }
    }

    private void Take(ref string? field, string? value, string name)
    {
        if (value is null)
        {
            Misread($"{name} is not text");
        }
        else if (field is not null && field != value)
        {
            Misread($"{name} {Contradiction}");
        }

        field = value;
    }

    private void Take<T>(ref T? field, T? value, string name, string? problem) where T : struct
    {
        if (problem is not null && value is null)
        {
            Misread($"{name} {problem}");
        }
        else if (field is { } other && value is { } given && !other.Equals(given))
        {
            Misread($"{name} {Contradiction}");
        }

        field = value ?? field;
    }

    private void Misread(string problem) => _misread ??= problem;

    // The purchase is the data of a CloudEvent; from the envelope, only the id and the time may be used for the purchase.
    private void Open(CloudEvent envelope)
    {
        if (!envelope.IsCloudEvent)
        {
            _envelope = null;
            return;
        }

        var (id, misread) = (_id, _misread);
        this = envelope.ReadData(out var problem);
        if (problem is null && misread is null && _timestamp is null)
        {
            (_timestamp, problem) = (envelope.Time, envelope.TimeProblem);
        }

        _misread = problem ?? misread ?? _misread;
        _envelope = envelope;
        envelope.Id = id;
    }

    private static Member Find(ref Utf8JsonReader reader) =>
        reader.ValueIsEscaped ? Find(Encoding.UTF8.GetBytes(reader.GetString()!)) : Find(reader.ValueSpan);

    private static Member Find(ReadOnlySpan<byte> name) => name.Length switch
    {
        2 when Is(name, "id"u8) => Member.Id,
        3 when Is(name, "_id"u8) => Member.DocumentId,
        4 when Is(name, "item"u8) => Member.Item,
        4 when Is(name, "data"u8) => Member.Data,
        4 when Is(name, "time"u8) => Member.Time,
        5 when Is(name, "price"u8) => Member.Price,
        6 when Is(name, "userid"u8) => Member.UserId,
        6 when Is(name, "source"u8) => Member.Source,
        7 when Is(name, "user_id"u8) => Member.UserId,
        8 when Is(name, "username"u8) => Member.Username,
        9 when Is(name, "timestamp"u8) => Member.Timestamp,
        9 when Is(name, "user_name"u8) => Member.Username,
        11 when Is(name, "specversion"u8) => Member.SpecVersion,
        11 when Is(name, "data_base64"u8) => Member.DataBase64,
        _ => Member.Unknown,
    };

    private static bool Is(ReadOnlySpan<byte> name, ReadOnlySpan<byte> known) => Ascii.EqualsIgnoreCase(name, known);

    private static string? Complaint(string field, string? complaint) => complaint is null ? null : $"{field} {complaint}";

    /// <summary>
    /// Possibly the envelope of a CloudEvent in structured mode (CloudEvents 1.0, JSON format). It is one if it has
    /// <c>specversion</c>, which may come after the other members.
    /// </summary>
    private sealed class CloudEvent
    {
        private EventFields _data;
        private byte[]? _base64;
        private string? _dataProblem = "data is required";

        public bool IsCloudEvent { get; private set; }

        public ProducerId? Id { get; set; }

        public string? Source { get; private set; }

        public DateTimeOffset? Time { get; private set; }

        public string? TimeProblem { get; private set; }

        public void Take(Member member, ref Utf8JsonReader reader)
        {
            switch (member)
            {
                case Member.SpecVersion:
                    IsCloudEvent = true;
                    reader.Skip();
                    break;
                case Member.Source:
                    Source = JsonText.Read(ref reader);
                    break;
                case Member.Time:
                    Time = EventTime.Read(ref reader, out var problem);
                    TimeProblem = problem is null ? null : $"time {problem}";
                    break;
                case Member.Data when reader.TokenType is JsonTokenType.StartObject:
                    _dataProblem = null;
                    _data.ReadMembers(ref reader, isOutermost: false);
                    break;
                case Member.Data:
                    _dataProblem = "data is not a JSON object";
                    reader.Skip();
                    break;
                case Member.DataBase64:
                    _dataProblem = null;
                    if (reader.TokenType is not JsonTokenType.String || !reader.TryGetBytesFromBase64(out _base64))
                    {
                        _dataProblem = "data_base64 is not base64";
                        reader.Skip();
                    }

                    break;
            }
        }

        public EventFields ReadData(out string? problem)
        {
            problem = _dataProblem;
            if (problem is null && _base64 is not null)
            {
                _data.ReadJson(_base64);
                _data._envelope = null;
            }

            return _data;
        }
    }
}
