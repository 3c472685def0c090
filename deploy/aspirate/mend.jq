# Makes of the manifest that Aspire 13 writes one that Aspirate 9.1 understands, and takes every secret out of it.
#   --arg namespace  where the shop will live      --arg root  the folder that the manifest was written to

# management-api-key -> MANAGEMENT_API_KEY: the variable that a container gets the secret in.
def variable: ascii_upcase | gsub("-"; "_");

# A string with every {name.value} and {name.connectionString} replaced by what $known says of it, until none is left.
def expand($known):
  reduce range(5) as $_ (.; reduce ($known | to_entries[]) as $entry (.; split($entry.key) | join($entry.value)));

.resources as $resources

# Secret parameters become Kubernetes' own reference to a variable: $(MONGODB_PASSWORD). It is filled in when a container
# starts, from the Secret, so that no value ever reaches Aspirate or a file. The URI-encoded form of a parameter becomes the
# same reference: what setup.sh puts into the Secret needs no encoding.
| ($resources | map_values(select(.type == "parameter.v0" and any(.inputs[]?; .secret)))) as $secrets
| ($resources | map_values(select(.type == "annotated.string"))) as $encoded
| ($secrets | with_entries({key: "{\(.key).value}", value: "$(\(.key | variable))"})) as $references
| ($encoded | with_entries({key: "{\(.key).value}", value: .value.value})) as $aliases
| ($resources | to_entries | map(select(.value.connectionString) | {key: "{\(.key).connectionString}", value: .value.connectionString}) | from_entries) as $connections
| ($aliases + $connections + $references) as $known

# Nothing is dropped without a word.
| [$resources | to_entries[] | select(.value.bindMounts) | .key] as $mounts
| if ($mounts | length) > 0 then error("Aspirate drops bind mounts without a word: \($mounts | join(", "))") else . end

| .resources |= with_entries(
    select(.value.type != "annotated.string" and (.key | in($secrets) | not))

    # Aspirate doesn't know project.v1; what it adds to v0 is for other deployers.
    | if .value.type == "project.v1" then .value.type = "project.v0" | del(.value.deployment) else . end
    | if .value.path then .value.path = "\($root)/\(.value.path)" else . end

    # In the cluster, TLS ends at the ingress: nothing listens on https. A service listens where the AppHost says, and a port
    # that only the AppHost's machine knows is none.
    | if (.value.type // "") | startswith("project.") then
        del(.value.bindings.https)
        | .value.env |= with_entries(select(.value | test("\\.bindings\\.https\\.") | not))
        # Aspire also gives every part of a connection its own variable, for languages other than .NET. Nobody reads them here,
        # and each would be one more copy of a password or an address: KAFKA_HOST, SHOPPING_PASSWORD, MANAGEMENT_API_HTTP, ...
        | .value.env |= with_entries(select(.key as $name | any($resources | keys[] | variable; . as $of | $name | startswith($of + "_")) | not))
        | .value.bindings.http.targetPort //= (.value.bindings.http.port // 8080)
      else . end
    | if .value.bindings then .value.bindings |= map_values(del(.port)) else . end

    # The names of volumes carry a hash of the AppHost's path. One volume a container, so one name will do.
    | if .value.volumes then
        .value.volumes |= (if length > 1 then error("More than one volume: the templates expect one.") else map(.name = "data") end)
      else . end

    | if .value.env then
        .value.env |= map_values(expand($known))
        # Templates know no resource but the one at hand, and of it only a few fields. Annotations are one of them: they carry
        # which key of the Secret goes into which variable.
        | . as $entry
        | .value.annotations = ($secrets | with_entries({key: (.key | variable), value: .key})
            | with_entries(select(.key as $name | any($entry.value.env[]; contains("$(\($name))")))))
      else . end

    | if .value.connectionString then .value.connectionString |= expand($known) else . end)

| if .resources.kafka then
    # The listener for clients inside the container is bound to localhost, and is advertised as what it is.
    .resources.kafka.env.KAFKA_ADVERTISED_LISTENERS |= sub("^PLAINTEXT://[^:,]+:29092"; "PLAINTEXT://localhost:29092")
    # The root of a volume holds lost+found, which Kafka takes for a broken partition.
    | .resources.kafka.env.KAFKA_LOG_DIRS |= "\(.)/logs"
    # KEDA asks the broker from its own namespace: what the broker is called, and calls itself, must resolve there too.
    | walk(if type == "string" then gsub("\\{kafka\\.bindings\\.[a-z]+\\.host\\}"; "kafka.\($namespace).svc") else . end)
  else . end
