/**
 * What the loader needs from outside, all of it synchronous and handed in: this module does no I/O.
 */
import type { RunAs } from './description.js';

/** `message` says why it cannot be read, for people (`permission denied`). */
export type Unreadable = { readonly kind: 'missing' } | { readonly kind: 'error'; readonly message: string };

export interface FoundFile {
  readonly kind: 'found';
  /** With symbolic links resolved: relative paths inside the file start from its directory. */
  readonly realPath: string;
  readonly text: string;
}

export interface FoundDescription extends FoundFile {
  /** As it is to be shown: the service directory as configured, a slash, the name. */
  readonly path: string;
  /** The service directory, as configured: the default working directory of the service. */
  readonly directory: string;
}

export interface DescriptionSource {
  /** Looks the base name (without `@argument`, validated) up in the service directories, in their order. */
  find(baseName: string): FoundDescription | Unreadable;
  /** Reads an included file or an environment file. */
  read(path: string): FoundFile | Unreadable;
  /** The names in a directory, in any order. */
  list(path: string): { readonly kind: 'found'; readonly names: readonly string[] } | Unreadable;
}

export interface UserLookup {
  /** By name; `undefined`: no such user. The numeric form needs no look-up. */
  user(name: string): RunAs | undefined;
}

export interface LoaderParts {
  readonly source: DescriptionSource;
  readonly users: UserLookup;
  /** The manager's environment, as it is now. */
  environment(): ReadonlyMap<string, string>;
  /**
   * Why `program` cannot be executed, for people (`/sbin/x does not exist`); `undefined`: nothing is known against it. Names without
   * a slash are searched for in `path`, the value of PATH; relative ones start from `directory`. Only a check asks: a
   * program may be there by the time it is needed.
   */
  programFault?(program: string, directory: string, path: string | undefined): string | undefined;
}
