/**
 * `handles`: who holds what. A table has a line for what one peer holds of one node, those of one holder together; `--tree` turns it
 * round and draws each owner's nodes with those who hold them; `--accounts` shows whose quotas pay.
 */
import type { AccountInfo, HandleInfo } from '../../library/introspection.js';
import type { Output } from '../output.js';
import {
  accountJson,
  ageText,
  handleJson,
  loadText,
  nodeText,
  peerText,
  userText,
  type WhichFlags,
  whichOf,
} from '../peer-words.js';
import { type CommandContext, withManager } from '../session.js';
import { columns } from '../table.js';

export interface HandlesFlags extends WhichFlags {
  readonly tree?: boolean;
  readonly accounts?: boolean;
}

export function handles(context: CommandContext, flags: HandlesFlags): Promise<number> {
  const { output } = context;
  const which = whichOf(flags);
  return withManager(context, async (manager) => {
    if (flags.accounts === true) {
      const accounts: AccountInfo[] = [];
      for await (const account of manager.accounts(which)) {
        if (output.isJson) output.object(accountJson(account));
        else accounts.push(account);
      }
      if (!output.isJson) output.text(accountTable(output, accounts));
      return undefined;
    }
    const rows: HandleInfo[] = [];
    for await (const handle of manager.handles(which)) {
      if (output.isJson) output.object(handleJson(handle));
      else rows.push(handle);
    }
    if (!output.isJson)
      output.text(flags.tree === true ? handleTree(output, rows) : handleTable(output, rows));
    return undefined;
  });
}

const none = 'There is no such handle, or none that you may see.';

function handleTable(output: Output, rows: readonly HandleInfo[]): string {
  if (rows.length === 0) return none;
  const head = ['TRANSPORT', 'HOLDER', 'USER', 'HOLDS', 'OF', 'AGE', 'COUNT', 'USES', 'PAYS', 'IN FLIGHT'];
  return columns(
    head.map((word) => output.paint('bold', word)),
    rows.map((handle) => [
      handle.holder.transport,
      peerText(handle.holder),
      userText(handle.holder.user, handle.holder.uid),
      handle.isGone ? `${nodeText(handle)} ${output.paint('gray', 'gone')}` : nodeText(handle),
      handle.owner === undefined ? '?' : peerText(handle.owner),
      ageText(handle.ageMs),
      String(handle.count),
      String(handle.uses),
      userText(handle.payerUser, handle.payerUid),
      loadText(handle.bytesInFlight, 0, handle.descriptorsInFlight),
    ]),
  );
}

/** Branches of a drawing: a line, and what hangs below it. */
interface Branch {
  readonly line: string;
  readonly below: readonly Branch[];
}

function handleTree(output: Output, rows: readonly HandleInfo[]): string {
  if (rows.length === 0) return none;
  const owners = grouped(rows, (handle) => {
    const { transport } = handle.holder;
    return handle.owner === undefined ? `${transport}: somebody` : `${transport}: ${peerText(handle.owner)}`;
  });
  return owners
    .map(([owner, owned]) => {
      const nodes = grouped(owned, (handle) => handle.nodeId).map(([, held]): Branch => {
        const [first] = held;
        const line = first === undefined ? '' : nodeText(first);
        return { line, below: held.map((handle) => ({ line: holderLine(handle), below: [] })) };
      });
      return [output.paint('bold', owner), ...drawn(nodes, '')].join('\n');
    })
    .join('\n');
}

function holderLine(handle: HandleInfo): string {
  const { holder, count, uses, ageMs, bytesInFlight, descriptorsInFlight, isGone } = handle;
  const flight = loadText(bytesInFlight, 0, descriptorsInFlight);
  const parts = [
    `for ${ageText(ageMs)}`,
    count === 1 ? '' : `${count} handles`,
    uses === 0 ? 'not used' : uses === 1 ? 'used once' : `used ${uses} times`,
    flight === '' ? '' : `${flight} in flight`,
    isGone ? 'gone' : '',
  ];
  const user = holder.isManager ? '' : ` (${userText(holder.user, holder.uid)})`;
  return `${peerText(holder)}${user}: ${parts.filter((part) => part !== '').join(', ')}`;
}

/** In the order in which the groups first appear. */
function grouped<T>(items: readonly T[], key: (item: T) => string): [string, T[]][] {
  const groups = new Map<string, T[]>();
  for (const item of items) {
    const name = key(item);
    const group = groups.get(name);
    if (group === undefined) groups.set(name, [item]);
    else group.push(item);
  }
  return [...groups];
}

/** Two levels are all there is, so this does not go deep. */
function drawn(branches: readonly Branch[], indent: string): string[] {
  return branches.flatMap(({ line, below }, at) => {
    const isLast = at === branches.length - 1;
    return [
      `${indent}${isLast ? '└─' : '├─'} ${line}`,
      ...drawn(below, `${indent}${isLast ? '   ' : '│  '}`),
    ];
  });
}

function accountTable(output: Output, accounts: readonly AccountInfo[]): string {
  if (accounts.length === 0) return 'No such user is connected, or none that you may see.';
  const head = ['TRANSPORT', 'USER', 'PEERS', 'RESOURCE', 'USED', 'LIMIT', 'USED BY'];
  const rows = accounts.flatMap((account) =>
    account.quotas.map(({ resource, used, limit, shares }) => [
      account.transport,
      userText(account.user, account.uid),
      String(account.peers),
      resource,
      String(used),
      limit === undefined ? '' : String(limit),
      shares.map((share) => `${userText(share.user, share.uid)} ${share.used}`).join(', '),
    ]),
  );
  return columns(
    head.map((word) => output.paint('bold', word)),
    rows,
  );
}
