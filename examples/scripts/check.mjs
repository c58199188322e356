/** Succeeds when the server answers; the service's start-timeout says how long it may take. */
import { readFileSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import { portFile } from './shared.mjs';

async function answer() {
  try {
    const port = Number(readFileSync(portFile, 'utf8'));
    const response = await fetch(`http://127.0.0.1:${port}/health`);
    return response.ok ? (await response.text()).trim() : undefined;
  } catch {
    return undefined;
  }
}

let text = await answer();
while (text === undefined) {
  await pause(50);
  text = await answer();
}
console.log(`the server says: ${text}`);
