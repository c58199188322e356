/** `peers`: who is connected, over all transports. */
import type { PeerInfo } from '../../library/introspection.js';
import type { Output } from '../output.js';
import { ageText, loadText, peerJson, peerText, userText, type WhichFlags, whichOf } from '../peer-words.js';
import { type CommandContext, withManager } from '../session.js';
import { columns } from '../table.js';

export function peers(context: CommandContext, flags: WhichFlags): Promise<number> {
  const { output } = context;
  const which = whichOf(flags);
  return withManager(context, async (manager) => {
    const rows: PeerInfo[] = [];
    for await (const peer of manager.peers(which)) {
      if (output.isJson) output.object(peerJson(peer));
      else rows.push(peer);
    }
    if (!output.isJson) output.text(peerTable(output, rows));
    return undefined;
  });
}

const heads = [
  ...['TRANSPORT', 'PEER', 'USER', 'AGE', 'RIGHTS', 'NODES', 'HANDLES', 'CALLS', 'OWED', 'SENT', 'RECEIVED'],
  ...['WAITING FOR IT'],
];

function peerTable(output: Output, peers: readonly PeerInfo[]): string {
  if (peers.length === 0) return 'No such peer is connected, or none that you may see.';
  const number = (count: number | undefined): string => (count === undefined ? '?' : String(count));
  const rows = peers.map((peer) => [
    peer.transport,
    peerText(peer),
    userText(peer.user, peer.uid),
    ageText(peer.ageMs),
    peer.rights ?? '',
    number(peer.nodes),
    number(peer.handles),
    number(peer.callsOutstanding),
    number(peer.repliesOwed),
    String(peer.messagesOut),
    String(peer.messagesIn),
    waitingText(output, peer),
  ]);
  return columns(
    heads.map((word) => output.paint('bold', word)),
    rows,
  );
}

function waitingText(output: Output, peer: PeerInfo): string {
  const load = loadText(peer.bytesInFlight, peer.itemsInFlight, peer.descriptorsInFlight);
  if (peer.blockedMs === undefined) return load;
  return `${load} ${output.paint('red', `not taken for ${ageText(peer.blockedMs)}`)}`.trim();
}
