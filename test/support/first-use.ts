/**
 * The first use that README shows: its commands are run on the example services, and what they print is what it shows.
 *
 * Numbers, times and the checkout's own path differ from run to run; `normalised` makes them alike before they are compared.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { capstanProgram, type RunningCommand, startProgram } from './capstan.js';
import { within } from './eventually.js';
import { projectRoot } from './source-tree.js';

const begin = '<!-- first use: written by npm run readme:use, and a test runs it -->\n```\n';
const end = '\n```\n<!-- end of first use -->';

export const readmePath = join(projectRoot, 'README.md');

/** The part of README with the commands and what they print, and what stands around it. */
export function splitReadme(): { before: string; transcript: string; after: string } {
  const readme = readFileSync(readmePath, 'utf8');
  const from = readme.indexOf(begin) + begin.length;
  const to = readme.indexOf(end);
  if (from < begin.length || to < from) throw new Error('README.md has lost the place of its first use');
  return { before: readme.slice(0, from), transcript: readme.slice(from, to), after: readme.slice(to) };
}

/** Runs one command line in a shell in which `capstan` is the command; both of its outputs, as a terminal shows them. */
async function shell(line: string, socket: string): Promise<string> {
  const script = `capstan() { "$NODE" "$PROGRAM" "$@"; }\nexec 2>&1\n${line}\n`;
  const running: RunningCommand = startProgram(['sh', '-c', script], {
    cwd: projectRoot,
    env: { CAPSTAN_SOCKET: socket, NODE: process.execPath, PROGRAM: capstanProgram, NO_COLOR: '1' },
  });
  try {
    return (await within(line, running.ended, 60_000)).stdout.trimEnd();
  } finally {
    running.child.kill('SIGKILL');
  }
}

/** Runs the commands of a transcript on a manager and gives the transcript as it comes out now. */
export async function record(transcript: string, socket: string): Promise<string> {
  const parts: string[] = [];
  for (const line of transcript.split('\n').filter((candidate) => candidate.startsWith('$ '))) {
    const printed = await shell(line.slice(2), socket);
    const shown = printed.replaceAll(`${projectRoot}/`, '').replaceAll(socket, '$CAPSTAN_SOCKET');
    parts.push(shown === '' ? line : `${line}\n${shown}`);
  }
  return parts.join('\n');
}

/** A transcript without what differs from run to run: numbers, how long ago, the width of columns, and who was faster. */
export function normalised(transcript: string): string {
  return transcript
    .replaceAll('(already) ', '')
    .replace(/\d+/g, '0')
    .replace(/ +/g, ' ')
    .replace(/ +$/gm, '');
}
