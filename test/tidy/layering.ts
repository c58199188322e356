/**
 * The arrows between modules, as data, and the check that finds an import that is not one of them.
 *
 * A room is a folder (or one file) of the architecture; `docs/architecture.md` draws them. A file may import from its own room,
 * from Node, from packages, and from the rooms its own room points to. Side-effect imports, dynamic imports, re-exports and
 * `require` count like any other; a type-only import counts too, because it ties the two together just as well.
 */
import ts from 'typescript';

/** Room of a path, by the longest prefix that matches; a room's name is its prefix. */
export const rooms: readonly string[] = [
  'broker/contract',
  'broker/native',
  'broker/capability',
  'broker/service',
  'broker/supervisor',
  'broker/control',
  'broker/index.ts',
  'transports/catalog.ts',
  'transports/bus/router',
  'clients/library',
  'clients/cli',
  'bench/peers/manager.ts',
  'bench',
  'test',
];

const ground = ['broker/contract', 'broker/native'];

/** What each room may import, beside itself. `transports/<x>` is every folder below `transports/`. */
export const arrows: Readonly<Record<string, readonly string[]>> = {
  'broker/contract': [],
  'broker/native': [],
  'broker/capability': ['broker/contract'],
  'broker/service': ['broker/contract'],
  'broker/supervisor': [...ground, 'broker/service'],
  'broker/control': ['broker/contract', 'broker/capability', 'broker/service', 'broker/supervisor'],
  'broker/index.ts': [
    ...ground,
    'broker/capability',
    'broker/service',
    'broker/supervisor',
    'broker/control',
  ],
  'transports/<x>': ground,
  'transports/bus/router': [...ground, 'broker/capability', 'transports/bus'],
  'transports/catalog.ts': [...ground, 'transports/<x>'],
  'clients/library': [...ground, 'transports/catalog.ts'],
  'clients/cli': [...ground, 'clients/library', 'transports/catalog.ts', 'broker/index.ts'],
  // A client inside the broker's process is what `memory` means, so this one peer composes a broker.
  'bench/peers/manager.ts': [...ground, 'broker/index.ts', 'transports/<x>', 'clients/library', 'bench'],
  bench: [...ground, 'transports/catalog.ts', 'transports/<x>', 'clients/library'],
  test: ['*'],
};

/** The room that a project path belongs to, or undefined for a file that is in none. */
export function roomOf(path: string): string | undefined {
  const found = rooms
    .filter(
      (room) =>
        path === room ||
        path.startsWith(`${room}/`) ||
        path.startsWith(`${room}.`) ||
        path.startsWith(`${room}-`),
    )
    .sort((a, b) => b.length - a.length)[0];
  if (found !== undefined) return found;
  const transport = /^transports\/([^/]+)\//.exec(path)?.[1];
  return transport === undefined ? undefined : `transports/${transport}`;
}

/** Every module that a source text names, whatever the form of the import. */
export function importsOf(text: string): string[] {
  return ts.preProcessFile(text, true, true).importedFiles.map((file) => file.fileName);
}

/** Resolves a relative import (`../x.js`) of a file to the project path of its TypeScript source. */
export function resolveImport(from: string, specifier: string): string | undefined {
  if (!specifier.startsWith('.')) return undefined;
  const parts = from.split('/').slice(0, -1);
  for (const part of specifier.split('/')) {
    if (part === '..') parts.pop();
    else if (part !== '.') parts.push(part);
  }
  return parts.join('/').replace(/\.js$/, '.ts');
}

function isAllowed(from: string, to: string): boolean {
  if (from === to) return true;
  const fromKey = from in arrows ? from : 'transports/<x>';
  const allowed = arrows[fromKey] ?? [];
  if (allowed.includes('*') || allowed.includes(to)) return true;
  // The bus's folder and its router are one transport; what differs is that the router alone sees the core.
  if (from === 'transports/bus' && to === 'transports/bus/router') return true;
  const isTransport = to.startsWith('transports/') && !(to in arrows && to !== 'transports/bus/router');
  return isTransport && allowed.includes('transports/<x>');
}

/** The imports of one file that are no arrow, each as a sentence. */
export function layeringFaults(path: string, text: string): string[] {
  const from = roomOf(path);
  if (from === undefined) return [`${path} is in no room of the architecture (test/tidy/layering.ts)`];
  const faults: string[] = [];
  for (const specifier of importsOf(text)) {
    const target = resolveImport(path, specifier);
    if (target === undefined) continue;
    const to = roomOf(target);
    if (to === undefined) faults.push(`${path} imports ${specifier}, which is in no room`);
    else if (!isAllowed(from, to)) faults.push(`${path} (${from}) imports ${specifier} (${to})`);
  }
  return faults;
}
