/** Paths as text; nothing here looks at a file system. */

export function directoryOf(path: string): string {
  const slash = path.lastIndexOf('/');
  if (slash < 0) return '.';
  return slash === 0 ? '/' : path.slice(0, slash);
}

/** `path` as seen from `directory`; an absolute one is itself. */
export function joinPath(directory: string, path: string): string {
  if (path.startsWith('/')) return path;
  return directory.endsWith('/') ? `${directory}${path}` : `${directory}/${path}`;
}
