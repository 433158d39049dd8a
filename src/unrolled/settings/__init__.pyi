from .check import SettingsError as SettingsError
from .check import check_scale as check_scale
from .check import check_settings as check_settings
from .check import json_schema as json_schema
from .check import write_schema as write_schema
from .model import Settings as Settings
from .networks import recipe_for as recipe_for
from .profiles import refuse_settings_in_profiles as refuse_settings_in_profiles
