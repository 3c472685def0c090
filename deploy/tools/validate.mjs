// Checks rendered manifests against the schemas of Kubernetes, KEDA and the operators (Prometheus', Strimzi, MongoDB's):
//   node validate.mjs FILE.yaml ...
// Prints one line for each mistake, and exits 1 when there was one. CRDS=FOLDER takes the operators' definitions from there
// instead of from crds.
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { Ajv } from "ajv";
import ts from "typescript";
import { parseAllDocuments } from "yaml";

const here = import.meta.dirname;
const mistakes = [];
const typed = [];
const operators = operatorSchemas(process.env.CRDS || join(here, "crds"));

for (const file of process.argv.slice(2)) {
  for (const document of parseAllDocuments(readFileSync(file, "utf8"))) {
    mistakes.push(...document.errors.map(error => `${file}: ${error.message}`));
    const manifest = document.toJS();
    if (!manifest) continue;

    const name = `${file}: ${manifest.kind}/${manifest.metadata?.name}`;
    const check = operators.get(`${manifest.apiVersion}/${manifest.kind}`);
    if (check) {
      if (!check(manifest)) {
        mistakes.push(...check.errors.map(e => `${name}: ${e.instancePath} ${e.message} ${e.params.additionalProperty ?? ""}`.trim()));
      }
      continue;
    }

    const models = manifest.apiVersion.startsWith("keda.sh/") ? "@kubernetes-models/keda"
      : manifest.apiVersion.startsWith("monitoring.coreos.com/") ? "@kubernetes-models/prometheus-operator" : "kubernetes-models";
    const path = `${models}/${manifest.apiVersion}/${manifest.kind}`;
    try {
      const { [manifest.kind]: Model } = await import(path);
      new Model(manifest).validate();
      typed.push({ name, path, manifest });
    } catch (error) {
      mistakes.push(`${name}: ${error.code === "ERR_PACKAGE_PATH_NOT_EXPORTED" || error.code === "ERR_MODULE_NOT_FOUND" ? "no such kind" : error.message}`);
    }
  }
}

// The schemas let unknown fields pass, as a server does that was told so. The types don't: a misspelt field is an error.
const source = typed
  .map(({ path, manifest }, i) => `import type { I${manifest.kind} as T${i} } from "${path}";\nconst m${i}: T${i} = ${JSON.stringify(manifest, null, 1)};`)
  .join("\n");
const virtual = join(here, "manifests.ts");
const options = {
  noEmit: true, strict: true, skipLibCheck: true, types: [],
  target: ts.ScriptTarget.ES2022, module: ts.ModuleKind.ESNext, moduleResolution: ts.ModuleResolutionKind.Bundler,
};
const host = ts.createCompilerHost(options);
const { getSourceFile, fileExists } = host;
host.fileExists = path => path === virtual || fileExists(path);
host.getSourceFile = (path, language) => path === virtual ? ts.createSourceFile(path, source, language) : getSourceFile(path, language);

const lines = source.split("\n");
for (const diagnostic of ts.getPreEmitDiagnostics(ts.createProgram([virtual], options, host))) {
  const line = diagnostic.file?.fileName === virtual ? ts.getLineAndCharacterOfPosition(diagnostic.file, diagnostic.start).line : 0;
  const index = lines.slice(0, line + 1).map(text => /^const m(\d+):/.exec(text)?.[1]).filter(Boolean).at(-1) ?? 0;
  mistakes.push(`${typed[index]?.name}: ${lines[line].trim()} ${ts.flattenDiagnosticMessageText(diagnostic.messageText, " ")}`);
}

// What npm has no package for: definitions of kinds (CustomResourceDefinition), by apiVersion/kind.
function operatorSchemas(folder) {
  const ajv = new Ajv({ allErrors: true, strict: false, validateFormats: false });
  const schemas = new Map();
  for (const file of readdirSync(folder).filter(file => file.endsWith(".yaml"))) {
    for (const { spec } of parseAllDocuments(readFileSync(join(folder, file), "utf8")).map(document => document.toJS())) {
      for (const { name, schema } of spec.versions) {
        const root = closed(schema.openAPIV3Schema);
        // Every object has these; the API server checks them.
        Object.assign(root.properties, { apiVersion: {}, kind: {}, metadata: {} });
        schemas.set(`${spec.group}/${name}/${spec.names.kind}`, ajv.compile(root));
      }
    }
  }
  return schemas;
}

// An unknown field is a mistake, unless its parent says that it isn't.
function closed(schema) {
  const { properties, items, additionalProperties, ...rest } = schema;
  const each = value => typeof value === "object" ? closed(value) : value;
  return {
    ...rest,
    ...(items && { items: closed(items) }),
    ...(properties && { properties: Object.fromEntries(Object.entries(properties).map(([name, value]) => [name, closed(value)])) }),
    ...(additionalProperties !== undefined ? { additionalProperties: each(additionalProperties) }
      : properties && !schema["x-kubernetes-preserve-unknown-fields"] ? { additionalProperties: false } : {}),
  };
}

mistakes.forEach(mistake => console.log(mistake));
process.exit(mistakes.length > 0 ? 1 : 0);
