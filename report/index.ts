/** Reports, for other rooms: what a run or sweep came to, or what happened since a moment. */
export type { ReportDocument } from './document.ts';
export { toHtml } from './html.ts';
export { toMarkdown } from './markdown.ts';
export { runReport } from './run-report.ts';
export { sinceReport } from './since-report.ts';
export { sweepReport } from './sweep-report.ts';
