/**
 * The cases that are kept, in `test/corpus/<decoder>/`: counter-examples that were found, and one case for each way that a decoder
 * can go. They are replayed before anything else in every run.
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { projectRoot } from '../support/source-tree.js';
import { type Case, caseName, caseText, readCase } from './packet.js';

export interface KeptCase {
  /** Relative to the project's root. */
  readonly path: string;
  readonly input: Case;
}

function folder(decoder: string): string {
  return join('test', 'corpus', decoder);
}

export function keptCases(decoder: string): KeptCase[] {
  const directory = join(projectRoot, folder(decoder));
  if (!existsSync(directory)) return [];
  return readdirSync(directory)
    .filter((name) => name.endsWith('.txt'))
    .sort()
    .map((name) => ({
      path: join(folder(decoder), name),
      input: readCase(readFileSync(join(directory, name), 'utf8')),
    }));
}

/** Writes a case; returns its path. `why` is its first line. */
export function keepCase(decoder: string, prefix: string, input: Case, why: string): string {
  mkdirSync(join(projectRoot, folder(decoder)), { recursive: true });
  const path = join(folder(decoder), `${prefix}-${caseName(input)}.txt`);
  writeFileSync(join(projectRoot, path), `# ${why.replaceAll('\n', ' ')}\n${caseText(input)}`);
  return path;
}
