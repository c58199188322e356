/** Service descriptions in memory: a `DescriptionSource` over a map of paths, which counts what is asked of it. */
import type {
  DescriptionSource,
  Finding,
  LoaderParts,
  ServiceActions,
  ServiceDescription,
  ServiceEngine,
  ServiceLoader,
} from '../../broker/service/index.js';
import { createLoader, createServiceEngine } from '../../broker/service/index.js';

const idle: ServiceActions = {
  spawn: () => {},
  signal: () => {},
  arm: () => {},
  disarm: () => {},
  event: () => {},
  stateChanged: () => {},
  said: () => {},
  note: () => {},
  changed: () => {},
  settled: () => {},
  allStopped: () => {},
};

/** Files by path; services are those directly in `/d`. `.`, `..` in paths are resolved as text. */
export class DescriptionFiles {
  readonly files: Map<string, string>;
  readonly engine: ServiceEngine;
  readonly loader: ServiceLoader;
  /** Questions asked of the source. */
  questions = 0;

  constructor(files: Readonly<Record<string, string>>, environment: Readonly<Record<string, string>> = {}) {
    this.files = new Map(Object.entries(files));
    this.engine = createServiceEngine(idle);
    const variables = new Map(Object.entries(environment));
    const parts: LoaderParts = {
      source: this.#source(),
      users: { user: (name) => (name === 'web' ? { uid: 33, gid: 33, groups: [33, 4] } : undefined) },
      environment: () => variables,
    };
    this.loader = createLoader(this.engine, parts);
  }

  #source(): DescriptionSource {
    return {
      find: (name) => {
        const file = this.#read(`/d/${name}`);
        return file.kind === 'found' ? { ...file, path: `/d/${name}`, directory: '/d' } : file;
      },
      read: (path) => this.#read(path),
      list: (path) => {
        this.questions++;
        const prefix = `${normal(path)}/`;
        const names = [...this.files.keys()].filter((file) => file.startsWith(prefix));
        if (names.length === 0) return { kind: 'missing' };
        return { kind: 'found', names: names.map((file) => file.slice(prefix.length)).reverse() };
      },
    };
  }

  #read(path: string): ReturnType<DescriptionSource['read']> {
    this.questions++;
    const realPath = normal(path);
    const text = this.files.get(realPath);
    if (text === undefined) return { kind: 'missing' };
    if (text === 'UNREADABLE') return { kind: 'error', message: 'permission denied' };
    return { kind: 'found', realPath, text };
  }

  /** The description of a service that loads without a finding. */
  description(name: string): ServiceDescription {
    const result = this.loader.load(name);
    if (!result.ok) throw new Error(JSON.stringify(result.findings));
    return result.record.description;
  }

  findings(name: string): readonly Finding[] {
    const result = this.loader.load(name);
    return result.ok ? result.warnings : result.findings;
  }
}

function normal(path: string): string {
  const parts: string[] = [];
  for (const part of path.split('/')) {
    if (part === '..') parts.pop();
    else if (part !== '' && part !== '.') parts.push(part);
  }
  return `/${parts.join('/')}`;
}
