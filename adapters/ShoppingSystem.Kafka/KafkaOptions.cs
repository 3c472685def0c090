using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using ShoppingSystem.Purchases;

namespace ShoppingSystem.Kafka;

/// <summary>The settings of the log on Kafka, in the section <c>Shopping</c>.</summary>
public sealed class KafkaOptions
{
    /// <summary>
    /// The defaults of <see cref="PurchaseLogOptions"/> on Kafka: it takes 9 s
    /// (<c>broker.session.timeout.ms</c>) until the partitions of a dead broker have other leaders, and purchases wait for them.
    /// </summary>
    public static PurchaseLogOptions LogDefaults => new() { AppendDeadline = TimeSpan.FromSeconds(15) };

    /// <summary>The topic. Created on start if it is missing and the brokers allow it.</summary>
    [RegularExpression("[a-zA-Z0-9._-]{1,249}", ErrorMessage = "Shopping:Topic must be 1 to 249 of a-z, A-Z, 0-9, '.', '_' and '-'.")]
    [Required(ErrorMessage = "Shopping:Topic must not be empty.")]
    [Description("the topic; made when it is missing")]
    public string Topic { get; set; } = "purchases";

    /// <summary>The number of partitions of a topic that is created. An existing topic keeps its own.</summary>
    [Range(1, 10_000, ErrorMessage = "Shopping:Partitions must be 1 to 10,000.")]
    [Description("how many partitions the topic is made with")]
    public int Partitions { get; set; } = 12;

    /// <summary>The consumer group: the recorders of one group share the partitions among them.</summary>
    [StringLength(249, MinimumLength = 1, ErrorMessage = "Shopping:ConsumerGroup must be 1 to 249 characters.")]
    [Required(ErrorMessage = "Shopping:ConsumerGroup must not be empty.")]
    [Description("the recorders of one group share the partitions")]
    public string ConsumerGroup { get; set; } = "management-api-group";

    /// <summary>
    /// Joins the group under the name of the host, so that a reader that restarts within the session timeout (10 s) gets its
    /// partitions back without a rebalance. Only for hosts that keep their name over a restart, as in a StatefulSet: any other host
    /// leaves its partitions unread until the session times out.
    /// </summary>
    [Description("recorders are static members of their group, named after their host")]
    public bool StaticMembership { get; set; }

    /// <summary>How long at most a partition that moves to another reader is held back until the batch in hand is committed.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "00:01:00", ErrorMessage = "Shopping:HandoverTime must be 0 s to 1 min.")]
    [Description("how long a recorder may finish its batch before its partitions go to another")]
    public TimeSpan HandoverTime { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>How many appends may be under way at the same time; further ones wait, within the append deadline.</summary>
    [Range(1, 10_000_000, ErrorMessage = "Shopping:MaxPendingAppends must be 1 to 10,000,000.")]
    [Description("the most purchases that wait for Kafka")]
    public int MaxPendingAppends { get; set; } = 100_000;
}
