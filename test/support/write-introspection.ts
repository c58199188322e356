/** The program behind `npm run docs:introspection`: runs what docs/introspection.md shows, and writes what came out. */
import { writeFileSync } from 'node:fs';
import { TestManager } from './capstan.js';
import { exampleServices, pagePath, readPage, record } from './introspection-page.js';

const undo: (() => Promise<void>)[] = [];
const manager = await TestManager.start((end) => undo.push(end), { services: exampleServices });
try {
  writeFileSync(pagePath, await record(readPage(), manager));
} finally {
  for (const end of undo) await end();
}
