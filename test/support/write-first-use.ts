/** The program behind `npm run readme:use`: runs what README shows, and writes what came out. */
import { writeFileSync } from 'node:fs';
import { withExamples } from './examples-manager.js';
import { readmePath, record, splitReadme } from './first-use.js';

const { before, transcript, after } = splitReadme();
await withExamples(async (socket) => {
  writeFileSync(readmePath, before + (await record(transcript, socket)) + after);
});
