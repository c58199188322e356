/**
 * Labels of nodes: bounded, and cut between characters.
 */
import { nodeLabelBytesMax } from './limits.js';

/** At most `nodeLabelBytesMax` bytes of a label as UTF-8; what was cut is shown by an ellipsis. */
export function boundedLabel(label: string | undefined): string {
  if (label === undefined) return '';
  // A UTF-16 unit has at most three bytes: the usual label needs no measuring.
  if (label.length * 3 <= nodeLabelBytesMax || Buffer.byteLength(label) <= nodeLabelBytesMax) return label;
  const ellipsis = '…';
  let bytes = Buffer.byteLength(ellipsis);
  let kept = '';
  for (const character of label) {
    bytes += Buffer.byteLength(character);
    if (bytes > nodeLabelBytesMax) break;
    kept += character;
  }
  return kept + ellipsis;
}
