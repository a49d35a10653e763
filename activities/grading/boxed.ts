/** What LaTeX puts into a box: the answer, by the custom of mathematical data sets. */

/** Of the last `\boxed{…}` or `\fbox{…}`; where it is not closed, all that follows. */
export function lastBoxed(text: string): string | undefined {
  const opened = Math.max(text.lastIndexOf('\\boxed{'), text.lastIndexOf('\\fbox{'));
  if (opened === -1) return undefined;
  const start = text.indexOf('{', opened) + 1;
  let depth = 1;
  for (let at = start; at < text.length; at += 1) {
    const sign = text[at];
    if (sign === '\\') at += 1;
    else if (sign === '{') depth += 1;
    else if (sign === '}') depth -= 1;
    if (depth === 0) return text.slice(start, at);
  }
  return text.slice(start);
}
