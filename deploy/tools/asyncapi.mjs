// Checks a description of events:   node asyncapi.mjs FILE.yaml EVENTS.json
// against AsyncAPI's schema, its own examples against the payloads of their messages, and events against these, too. EVENTS.json is
// [{ "message", "event", "valid" }]: "event" is, or is not, what the payload of the message says. Prints one line for each mistake, and
// exits 1 when there was one.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { Ajv } from "ajv";
import { parse } from "yaml";

const [file, events] = process.argv.slice(2);
const description = parse(readFileSync(file, "utf8"));
const mistakes = [];

// Formats and keywords of others (regex flags, x-…) are not what is asked here.
const options = { strict: false, validateFormats: false, allErrors: true };
const schemas = createRequire(import.meta.url)("@asyncapi/specs").schemasWithoutId;
const conforms = new Ajv(options).compile(schemas[description.asyncapi]);
if (!conforms(description)) {
  mistakes.push(...conforms.errors.map(error => `${error.instancePath || "/"} ${error.message} ${error.params.additionalProperty ?? ""}`.trim()));
}

// What a reference names must be there; AsyncAPI's schema does not look.
for (const reference of references(description)) {
  const target = reference.slice(2).split("/").reduce((part, name) => part?.[name], description);
  if (!reference.startsWith("#/") || target === undefined) mistakes.push(`${reference} leads nowhere`);
}

if (mistakes.length === 0) {
  const ajv = new Ajv(options).addSchema({ $id: "description", ...description });
  const payloads = new Map(Object.keys(description.components.messages)
    .map(name => [name, ajv.compile({ $ref: `description#/components/messages/${name}/payload` })]));
  for (const [name, message] of Object.entries(description.components.messages)) {
    for (const { payload } of message.examples ?? []) check(name, payload, true);
  }
  for (const { message, event, valid } of JSON.parse(readFileSync(events, "utf8"))) check(message, event, valid);

  function check(name, event, valid) {
    const payload = payloads.get(name);
    if (payload(event) !== valid) {
      mistakes.push(`${name}: ${JSON.stringify(event)} is ${valid ? `not taken: ${ajv.errorsText(payload.errors)}` : "taken"}`);
    }
  }
}

mistakes.forEach(mistake => console.log(mistake));
process.exit(mistakes.length > 0 ? 1 : 0);

function* references(part) {
  if (part === null || typeof part !== "object") return;
  for (const [name, value] of Object.entries(part)) {
    if (name === "$ref" && typeof value === "string") yield value;
    else yield* references(value);
  }
}
