/**
 * The project's own sources, as text: for the tests that hold them to their rules (layering, tidiness).
 */
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The package's root, seen from `build/test/support/`. */
export const projectRoot = join(dirname(fileURLToPath(import.meta.url)), '..', '..', '..');

export interface SourceFile {
  /** Relative to the project's root, with forward slashes. */
  readonly path: string;
  readonly text: string;
}

const skippedDirectories = new Set([
  'node_modules',
  'build',
  'build-asan',
  'generated',
  '.git',
  'coverage',
  '.cache',
]);

/** All files below `directories` that end in one of `endings`, sorted by path; generated and built ones left out. */
export function sourceFiles(directories: readonly string[], endings: readonly string[]): SourceFile[] {
  const found: SourceFile[] = [];
  const pending = directories.map((directory) => join(projectRoot, directory));
  for (let directory = pending.pop(); directory !== undefined; directory = pending.pop()) {
    for (const entry of readdirSync(directory, { withFileTypes: true })) {
      const path = join(directory, entry.name);
      if (entry.isDirectory()) {
        if (!skippedDirectories.has(entry.name)) pending.push(path);
      } else if (endings.some((ending) => entry.name.endsWith(ending))) {
        found.push({
          path: relative(projectRoot, path).split(sep).join('/'),
          text: readFileSync(path, 'utf8'),
        });
      }
    }
  }
  return found.sort((a, b) => (a.path < b.path ? -1 : 1));
}
