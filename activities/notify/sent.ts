/** How one attempt to send a message went. */

export type Sent =
  | { readonly kind: 'sent' }
  | { readonly kind: 'failed'; readonly problem: string; readonly hintMs?: number }
  /** Nothing more is wanted. */
  | { readonly kind: 'refused'; readonly problem: string };
