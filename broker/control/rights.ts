/**
 * Rights: what the holder of a handle may do. They belong to the node, not to the caller, so whoever is given a handle has them.
 * Each level includes those below it.
 *
 * The rights of a root follow from who connected, in the kernel's words: root, and the user that the manager runs as, get all;
 * anybody else may observe.
 */
import { Rights } from '../contract/control.js';
import type { Credentials } from '../contract/index.js';
import { ErrorCode } from '../contract/index.js';
import { ControlFailure } from './errors.js';

export const rightsWords: Readonly<Record<Rights, string>> = {
  [Rights.RIGHTS_OBSERVE]: 'observe',
  [Rights.RIGHTS_CONTROL]: 'control',
  [Rights.RIGHTS_MANAGE]: 'manage',
};

/** The rights of somebody who connects. `managerUid` is the effective uid that the manager runs as. */
export function rightsOf(who: Credentials, managerUid: number): Rights {
  return who.uid === 0 || who.uid === managerUid ? Rights.RIGHTS_MANAGE : Rights.RIGHTS_OBSERVE;
}

/** Throws `permission-denied` if `held` does not cover `needed`. */
export function demand(held: Rights, needed: Rights, what: string): void {
  if (held >= needed) return;
  throw new ControlFailure(
    ErrorCode.PermissionDenied,
    `${what} needs the right to ${rightsWords[needed]}, and this handle has only the right to ${rightsWords[held]}`,
  );
}

/** The rights that a facet may have: those asked for, if they exist and the asker has them. */
export function facetRights(held: Rights, asked: number): Rights {
  if (asked !== Rights.RIGHTS_OBSERVE && asked !== Rights.RIGHTS_CONTROL && asked !== Rights.RIGHTS_MANAGE) {
    throw new ControlFailure(ErrorCode.InvalidArgument, `${asked} is not a right`);
  }
  demand(held, asked, 'such a facet');
  return asked;
}
