/**
 * What the manager refuses, as an error. In a file of its own, because the command tells errors without calling anybody.
 */
import { BrokerError, type ErrorCode } from '../../broker/contract/index.js';

/** What the manager refused, with the place and the services that it named. */
export class ControlError extends BrokerError {
  /** file:line:column, or a service's name, or empty. */
  readonly where: string;
  /** The dependents that keep a service from stopping, or the services of a cycle. */
  readonly names: readonly string[];

  constructor(code: ErrorCode, message: string, where: string, names: readonly string[]) {
    super(code, message);
    this.where = where;
    this.names = names;
  }
}
