"""A stand-in for AWS on loopback: S3 and the like by moto, the rest by small classes of ours.

Start it with `python -m ml_insights_tests.aws --port 5055` (prints the endpoint), or take the
fixture `aws` in a test; then any client with that endpoint for all services works:

    aws.client("emr")                          # a boto3 client; aws.url is the endpoint
    subprocess.run(..., env=aws.environment()) # AWS_ENDPOINT_URL and the like

A request goes to the class in `SERVICES` of the service it is signed for, else to moto. Each class
answers what botocore's model of the service allows and refuses the rest, as AWS would; an answer
the model does not know is a defect of the stand-in and fails the test. To add a service:

    class Glue(Service):
        name = "glue"                        # botocore's name
        refusal = "InvalidInputException"    # code for parameters the model does not allow

        def get_database(self, parameters):  # gets checked parameters, returns the answer
            raise AwsError("EntityNotFoundException", f"Database {parameters['Name']} not found.")

and list it in `SERVICES`. State is per region and moves when it is described, not by the time of
day (`self.now()` is the clock that tests can advance). Lists are returned whole, the server pages.
RequestId, and Status where it is the HTTP status, are filled in.

Faults: `aws.account.faults.throttle("glue", "GetTable", after=2, times=3)`, `.error(...)`,
`.delay(...)`, `.reset(...)`; `.effect("emr", "failed_step")`, which the class declares, waits until
it is taken with `self.effect("failed_step")`. A fault that no call meets fails the test. The log:
`aws.calls.of("glue")`. The same over HTTP: `control`.
"""

from __future__ import annotations

from ml_insights_tests.aws.athena import Athena
from ml_insights_tests.aws.emr import Emr
from ml_insights_tests.aws.emr_serverless import EmrServerless
from ml_insights_tests.aws.glue import Glue
from ml_insights_tests.aws.quicksight import QuickSight
from ml_insights_tests.aws.service import Service

SERVICES: tuple[type[Service], ...] = (Athena, Emr, EmrServerless, Glue, QuickSight)
"""The services that are ours; every other is moto's."""
