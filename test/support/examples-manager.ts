/** A manager with the example services, in a directory of its own that is removed in the end. */
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { startCapstan } from './capstan.js';
import { within } from './eventually.js';
import { projectRoot } from './source-tree.js';

/** Runs `body` with the control socket of a manager whose examples are all started; the manager is ended, if it still runs. */
export async function withExamples(body: (socket: string) => Promise<void>): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), 'capstan-examples-'));
  const socket = join(directory, 'control');
  const running = startCapstan(['run', '-d', 'examples', '--socket', socket, '--ready-fd', '3'], {
    cwd: projectRoot,
    env: { CAPSTAN_EXAMPLE_DIR: join(directory, 'shared') },
  });
  try {
    await within('the manager', once(running.child.stdio[3] as Readable, 'data'), 60_000);
    const up = startCapstan(['--socket', socket, 'start', 'boot']);
    const { status, stderr } = await within('the examples', up.ended, 60_000);
    if (status !== 0) throw new Error(stderr);
    await body(socket);
  } finally {
    running.child.kill('SIGTERM');
    await within('the end of the manager', running.ended, 60_000);
    rmSync(directory, { recursive: true, force: true });
  }
}
