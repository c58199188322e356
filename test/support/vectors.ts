/** The committed bytes of each transport's frames (`test/vectors/`), which both its tests and its fuzzing begin with. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { projectRoot } from './source-tree.js';

export function readVectors<Vector>(
  transport: 'bus' | 'datagram' | 'sockets',
  name: string,
): readonly Vector[] {
  const path = join(projectRoot, 'test', 'vectors', transport, `${name}.json`);
  return JSON.parse(readFileSync(path, 'utf8')) as readonly Vector[];
}
