/**
 * The one place where refusals and errors become what is on the wire. The tables are total: a refusal or a kind of finding that is
 * added elsewhere does not compile here until it has a code.
 */
import type { ErrorShape } from '../contract/control.js';
import { BrokerError, ErrorCode } from '../contract/index.js';
import type { Finding, FindingKind, ServiceRefusal } from '../service/index.js';
import { formatFinding } from '../service/index.js';

/** What the engine refuses. */
const codeByRefusal: Readonly<Record<ServiceRefusal, ErrorCode>> = {
  'shutting-down': ErrorCode.ShuttingDown,
  'pinned-started': ErrorCode.Pinned,
  'pinned-stopped': ErrorCode.Pinned,
  'has-dependents': ErrorCode.HasDependents,
  'not-started': ErrorCode.WrongState,
  'not-stopped': ErrorCode.WrongState,
  'no-active-dependents': ErrorCode.WrongState,
};

const textByRefusal: Readonly<Record<ServiceRefusal, string>> = {
  'shutting-down': 'the manager is shutting down and starts nothing more',
  'pinned-started': 'it is pinned started',
  'pinned-stopped': 'it is pinned stopped',
  'has-dependents': 'services that depend on it are active',
  'not-started': 'it is not started',
  'not-stopped': 'it is not stopped',
  'no-active-dependents': 'no service that depends on it is active, so there is nobody to wake it for',
};

/** What is wrong with a description. */
const codeByFinding: Readonly<Record<FindingKind, ErrorCode>> = {
  syntax: ErrorCode.BadDescription,
  setting: ErrorCode.BadDescription,
  unsupported: ErrorCode.BadDescription,
  value: ErrorCode.BadDescription,
  substitution: ErrorCode.BadDescription,
  file: ErrorCode.BadDescription,
  incomplete: ErrorCode.BadDescription,
  'not-found': ErrorCode.NotFound,
  cycle: ErrorCode.DependencyCycle,
  limit: ErrorCode.OverQuota,
};

/** An error with its place and the services that it names, which is thrown by a method and answered to its caller. */
export class ControlFailure extends BrokerError {
  readonly where: string;
  readonly names: readonly string[];

  constructor(code: ErrorCode, message: string, where = '', names: readonly string[] = []) {
    super(code, message);
    this.where = where;
    this.names = names;
  }
}

/** A refusal of the engine; `names` are the dependents that are in the way. */
export function refusalFailure(refusal: ServiceRefusal, names: readonly string[] = []): ControlFailure {
  return new ControlFailure(codeByRefusal[refusal], textByRefusal[refusal], '', names);
}

/**
 * What kept a service from being loaded: the first error, with its place; the others are counted. A name that is not a service's
 * is `not-found` only for the service that was asked for; a description that names one that does not exist is wrong.
 */
export function loadFailure(asked: string, findings: readonly Finding[]): ControlFailure {
  const errors = findings.filter((finding) => finding.severity === 'error');
  const [first] = errors;
  if (first === undefined) return new ControlFailure(ErrorCode.BadDescription, `'${asked}' cannot be loaded`);
  const { place } = first;
  const isOther = first.kind === 'not-found' && place !== undefined;
  const code = isOther ? ErrorCode.BadDescription : codeByFinding[first.kind];
  const more = errors.length > 1 ? ` (and ${errors.length - 1} more)` : '';
  const where = place === undefined ? '' : `${place.path}:${place.line}:${place.column}`;
  return new ControlFailure(code, `${formatFinding(first)}${more}`, where);
}

/** An error as it goes over the wire; `undefined` for one that is a bug of ours and has no code. */
export function errorShape(error: unknown): ErrorShape | undefined {
  if (error instanceof ControlFailure) {
    return { code: error.code, message: error.message, where: error.where, names: [...error.names] };
  }
  if (error instanceof BrokerError) return { code: error.code, message: error.message };
  return undefined;
}
