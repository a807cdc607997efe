// What the type checker must know and no file of ours defines. Not shipped.
declare const chrome: any;
