/**
 * Packages of foreign contenders, which stand in `bench/peers/package.json` and not among the project's own: whoever does not measure
 * does not install them. Their types are not here either, so each contender says in an interface of its own what it uses.
 */
import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** `bench/peers/` of the sources, seen from `build/bench/peers/foreign/`. */
export const peersDirectory = join(
  dirname(fileURLToPath(import.meta.url)),
  ...['..', '..', '..', '..', 'bench', 'peers'],
);

const manifestOf = (name: string): string => join(peersDirectory, 'node_modules', name, 'package.json');

/** The version that is installed, or undefined where the package is missing. */
export function versionOf(name: string): string | undefined {
  if (!existsSync(manifestOf(name))) return undefined;
  const { version } = JSON.parse(readFileSync(manifestOf(name), 'utf8')) as { version: string };
  return version;
}

/** Loads a package; `T` is what the caller uses of it. Throws if it is not installed. */
export function loadPackage<T>(name: string): T {
  return createRequire(join(peersDirectory, 'package.json'))(name) as T;
}
