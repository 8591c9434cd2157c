"""Print the options of `vllm serve`, for fake_vllm/options.tsv: spellings, values taken, whole number or not.

Run by the Python of an environment that has vLLM: python list_options.py >fake_vllm/options.tsv
"""

import sys

sys.argv = ["vllm", "serve", "--help"]  # read while vLLM is imported, else its parser is not complete

from vllm.entrypoints.cli import serve  # noqa: E402  (see the line above)
from vllm.utils.argparse_utils import FlexibleArgumentParser  # noqa: E402

subparsers = FlexibleArgumentParser(prog="vllm").add_subparsers(dest="subparser")
parser = serve.cmd_init()[0].subparser_init(subparsers)
for action in sorted(parser._actions, key=lambda action: action.option_strings):
    if action.option_strings and "--help" not in action.option_strings:
        takes = "0" if action.nargs == 0 else str(action.nargs or 1)
        kind = "int" if action.type is int else "-"
        choices = ",".join(str(choice) for choice in action.choices or ())
        sys.stdout.write("\t".join((" ".join(action.option_strings), takes, kind, choices)) + "\n")
