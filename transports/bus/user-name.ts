/** The name of the user that this process runs as, for messages. */
import { userInfo } from 'node:os';

let known: { readonly uid: number; readonly name: string | undefined } | undefined;

/** Looked up once, because that may read files; `undefined` for another user and for one without a name. */
export function userName(uid: number | undefined): string | undefined {
  if (uid === undefined || uid !== process.geteuid?.()) return undefined;
  if (known?.uid !== uid) known = { uid, name: ownName() };
  return known.name;
}

function ownName(): string | undefined {
  try {
    return userInfo().username;
  } catch {
    // It is in no list of users.
    return undefined;
  }
}
