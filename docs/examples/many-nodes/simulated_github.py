"""Make an App and a gated repository in a simulated GitHub, and print the settings of that App.

    python simulated_github.py GITHUB_URL GATE_URL > .env

Only for trials: see docs/how-to/run-many-nodes.md.
"""

import sys

from gate.demo.stage import ENVIRONMENT, REPOSITORY, generate_key_pair
from gate.manifest import load_manifest
from gate.simulator.client import SimulatorClient

SECRET = "the webhook secret of the trial"


def main(github_url: str, gate_url: str) -> None:
    """Register the App, whose webhooks go to the load balancer."""
    private, public = generate_key_pair()
    manifest = load_manifest()
    github = SimulatorClient(github_url)
    app_id = github.register_app(
        public_key_pem=public,
        webhook_secret=SECRET,
        webhook_url=f"{gate_url}/webhooks/github",
        permissions=dict(manifest.permissions),
        events_wanted=list(manifest.events),
    )
    installation_id = github.create_installation(REPOSITORY.partition("/")[0])
    github.create_repository(REPOSITORY, installation_id)
    github.protect_environment(REPOSITORY, ENVIRONMENT)
    line_end = "\\n"
    print(f"GATE_GITHUB_APP_ID={app_id}")
    print(f"GATE_GITHUB_PRIVATE_KEY={private.replace(chr(10), line_end)}")
    print(f"GATE_GITHUB_WEBHOOK_SECRET={SECRET}")
    print(f"GATE_GITHUB_API_URL={github_url}")
    print(f"GATE_PUBLIC_URL={gate_url}")


if __name__ == "__main__":
    main(*sys.argv[1:])
