/**
 * Which code runs. A commit does not say it: the programs are those in `build/`, which may be older than the sources, and where there is no
 * git nobody knows the commit. So two runs are of the same code where the built programs have the same bytes.
 */
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';

/** The parts of the project that a run consists of. */
const parts = ['bench', 'broker', 'clients', 'transports'];

/** What is built from C and C++: the place of the programs, how their names end, and the place of their sources. */
const nativeParts = [
  { built: 'broker/native/build/Release', ending: /\.node$/, sources: 'broker/native' },
  { built: 'broker/init/build', ending: /^[^.]+$/, sources: 'broker/init' },
  { built: 'bench/peers/build', ending: /^[^.]+$/, sources: 'bench/peers' },
  { built: 'bench/peers/alarm/build/Release', ending: /\.node$/, sources: 'bench/peers/alarm' },
];

/** They say which contenders are installed, and in which version. */
const locks = ['package-lock.json', 'bench/peers/package-lock.json'];

const foreign = new Set(['node_modules', 'build']);

/** Files below a directory whose name ends so, as paths from `root`, in the order of their names; none where there is no directory. */
function filesIn(root: string, directory: string, ending: RegExp, isDeep: boolean): string[] {
  const place = join(root, directory);
  if (!existsSync(place)) return [];
  return readdirSync(place, { withFileTypes: true })
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .flatMap((entry) => {
      const path = join(directory, entry.name);
      if (entry.isDirectory())
        return isDeep && !foreign.has(entry.name) ? filesIn(root, path, ending, true) : [];
      return entry.isFile() && ending.test(entry.name) ? [path] : [];
    });
}

/** A hash of all programs of this project that a run can start, and of the versions of the others. */
export function codeDigest(projectDirectory: string): string {
  const files = [
    ...parts.flatMap((part) => filesIn(projectDirectory, join('build', part), /\.js$/, true)),
    ...nativeParts.flatMap(({ built, ending }) => filesIn(projectDirectory, built, ending, false)),
    ...locks.filter((name) => existsSync(join(projectDirectory, name))),
  ];
  const hash = createHash('sha256');
  for (const file of files) {
    const bytes = readFileSync(join(projectDirectory, file));
    hash.update(`${file}\0${bytes.length}\0`).update(bytes);
  }
  return hash.digest('hex').slice(0, 12);
}

const changedMs = (file: string): number => statSync(file).mtimeMs;

/** TypeScript that was changed after the compiler ran, and is not what it compiled: it writes down a hash of each file. */
function newerTypeScript(projectDirectory: string): string[] {
  const info = join(projectDirectory, 'build', '.tsbuildinfo');
  if (!existsSync(info)) return [];
  const builtMs = changedMs(info);
  const touched = parts
    .flatMap((part) => filesIn(projectDirectory, part, /\.ts$/, true))
    .filter((file) => changedMs(join(projectDirectory, file)) > builtMs);
  if (touched.length === 0) return [];
  const compiled = readFileSync(info, 'utf8');
  const hashOf = (file: string): string =>
    createHash('sha256')
      .update(readFileSync(join(projectDirectory, file)))
      .digest('hex');
  return touched.filter((file) => !compiled.includes(hashOf(file)));
}

/** In the names of sources and programs that are built only where a library is installed. */
const optional = /dbus|capnp/;

function newerNative(projectDirectory: string): string[] {
  return nativeParts.flatMap(({ built, ending, sources }) => {
    const programs = filesIn(projectDirectory, built, ending, false);
    if (programs.length === 0) return [];
    const builtMs = Math.max(...programs.map((file) => changedMs(join(projectDirectory, file))));
    return filesIn(projectDirectory, sources, /\.(c|h|c\+\+|capnp)$/, false).filter((file) => {
      const [needed] = optional.exec(file) ?? [];
      if (needed !== undefined && !programs.some((program) => program.includes(needed))) return false;
      return changedMs(join(projectDirectory, file)) > builtMs;
    });
  });
}

/** Sources that were changed after what runs was built of them, as paths from the project; none in a package without sources. */
export function sourcesNewerThanBuild(projectDirectory: string): string[] {
  return [...newerTypeScript(projectDirectory), ...newerNative(projectDirectory)];
}

const namedMax = 3;

/** What to say where there are any. */
export function oldBuildWords(newer: readonly string[]): string {
  const more = newer.length > namedMax ? ', …' : '';
  const which = `${newer.slice(0, namedMax).join(', ')}${more}`;
  const files = newer.length === 1 ? '1 source is' : `${newer.length} sources are`;
  return `the build is old: ${files} newer (${which}), and what runs is not the code of the commit; 'npm run build' makes it`;
}
